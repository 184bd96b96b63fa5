//! Is there what somebody took for the update?

use wirelab_analyze::Capture;
use wirelab_report::exchange_names;

use crate::failure::Failure;
use crate::terminal;

/// Says which captures have no exchange that is called so.
///
/// # Errors
/// Where none of them has one: the names that there are.
pub fn check(captures: &[Capture], chosen: Option<&str>) -> Result<(), Failure> {
    let Some(chosen) = chosen else { return Ok(()) };
    let without: Vec<&Capture> = captures.iter().filter(|capture| capture.update_count == 0).collect();
    if without.len() == captures.len() {
        let mut names: Vec<String> = Vec::new();
        for name in captures.iter().flat_map(exchange_names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let left_out = names.len().saturating_sub(MOST_NAMES);
        names.truncate(MOST_NAMES);
        let listed: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        let more = if left_out > 0 {
            format!(" and {left_out} more, which the JSON lists in `groups`")
        } else {
            String::new()
        };
        return Err(match listed.as_slice() {
            [] => Failure::usage(format_args!("no exchange is called '{chosen}': there are no exchanges here")),
            _ => {
                Failure::usage(format_args!("no exchange is called '{chosen}'; there are {}{more}", listed.join(", ")))
            }
        });
    }
    for capture in without {
        terminal::say(format_args!(
            "wirelab: {}: no exchange is called '{chosen}', so it has no updates",
            capture.name
        ));
    }
    Ok(())
}

/// Names that are listed.
const MOST_NAMES: usize = 40;
