//! Makes a new migration file reach the program: the macro that embeds them sees only changes of those it knows.

fn main() {
    println!("cargo:rerun-if-changed=../migrations/event-store");
}
