//! What the README shows is what the program says.

mod lab;

use lab::Lab;

/// The block behind a line of the README.
fn block(after: &str) -> String {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).expect("a README");
    let (_, behind) = readme.split_once(&format!("{after}\n\n```text\n")).expect("the line, and a block behind it");
    behind.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn what_is_found_in_the_replay_of_2021() {
    let lab = Lab::new();
    lab.done("run web --replay --wire virtual --seed 1");
    let said = lab.done("analyze --findings pcap/webapp.pcap").stdout;
    assert_eq!(said.trim_end(), block("says of it:").trim_end());
}
