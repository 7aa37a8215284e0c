//! The text of a server-sent event (WHATWG HTML, 9.2).

use crate::audit::StoredEntry;

/// The first thing that a client hears, at once: how long to wait before it comes again, in milliseconds.
pub(super) const GREETING: &str = "retry: 1000\n\n";
/// A comment, so that whoever is between us and the client sees that the connection lives.
pub(super) const HEARTBEAT: &str = ":\n\n";

/// Appends the event of an entry.
pub(super) fn write(entry: &StoredEntry, chunk: &mut String) {
    chunk.push_str("id: ");
    chunk.push_str(&entry.position.to_string());
    chunk.push_str("\nevent: ");
    chunk.push_str(&entry.event_type);
    // A line break between the members of JSON would end the line here.
    for line in entry.json.lines() {
        chunk.push_str("\ndata: ");
        chunk.push_str(line);
    }
    chunk.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_position_its_type_and_its_entry() {
        let mut chunk = String::new();
        let entry = StoredEntry {
            position: 7,
            event_type: "NoteAdded".to_owned(),
            order_id: "o-1".to_owned(),
            json: "{\"a\":1,\n\"b\":2}".to_owned(),
        };
        write(&entry, &mut chunk);
        assert_eq!(
            chunk,
            "id: 7\nevent: NoteAdded\ndata: {\"a\":1,\ndata: \"b\":2}\n\n"
        );
    }
}
