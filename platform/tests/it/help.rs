//! Help that helps.

use crate::program::{orders, output};

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in [
        "up",
        "demo",
        "get",
        "list",
        "timeline",
        "tail",
        "projections",
        "projections list",
        "projections status",
        "projections rebuild",
        "projections verify",
        "projections revert",
        "projections retry",
        "projections replay",
        "token",
        "migrate",
        "servers",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let said = output(&mut orders(&words));
        assert!(said.status.success());
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(text.contains("Example"), "{command}: {text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 120),
            "{command}: {text}"
        );
    }
}

#[test]
fn the_overview_lists_what_a_person_may_use_and_nothing_else() {
    let text = String::from_utf8(output(&mut orders(&["--help"])).stdout).expect("UTF-8");
    for command in [
        "up",
        "demo",
        "get",
        "list",
        "timeline",
        "tail",
        "projections",
        "token",
        "migrate",
        "service",
        "servers",
    ] {
        assert!(
            text.contains(&format!("\n  {command} ")),
            "{command}: {text}"
        );
    }
    for hidden in ["launch", "sweep", "reach"] {
        assert!(!text.contains(hidden), "{text}");
    }
}

#[test]
fn the_version_is_the_packages() {
    let text = String::from_utf8(output(&mut orders(&["--version"])).stdout).expect("UTF-8");
    assert_eq!(text.trim(), format!("orders {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_arguments_are_exit_code_two() {
    assert_eq!(
        output(&mut orders(&["up", "--projectors", "0"]))
            .status
            .code(),
        Some(2)
    );
    assert_eq!(output(&mut orders(&["fly"])).status.code(), Some(2));
}
