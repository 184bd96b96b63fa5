//! Prints the files of a report's folder, one a line: for scripts that check them.
#![allow(clippy::print_stdout)]

use wirelab_report::forms::FORMS;

fn main() {
    for file in FORMS.iter().filter_map(|form| form.file) {
        println!("{file}");
    }
}
