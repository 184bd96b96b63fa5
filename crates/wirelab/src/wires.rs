//! Which wire shall a run take?

use wirelab_wire::{WireKind, kernel};

use crate::failure::Failure;
use crate::flags::Wire;
use crate::terminal;

/// Decides which wire the run takes, and readies this process for it.
///
/// Call it before any thread exists: the kernel wire puts the whole process into a user namespace of its own.
pub fn choose(asked: Wire) -> Result<WireKind, Failure> {
    let refused = match asked {
        Wire::Virtual => return Ok(WireKind::Virtual),
        Wire::Kernel | Wire::Auto => kernel::probe().and_then(|()| kernel::enter()),
    };
    match refused {
        Ok(()) => Ok(WireKind::Kernel),
        Err(refusal) if asked == Wire::Kernel => Err(Failure::machine(refusal)),
        Err(refusal) => {
            terminal::say(format_args!(
                "taking the virtual wire, as the kernel's does not work here: {}; `wirelab doctor` says more",
                refusal.cause
            ));
            Ok(WireKind::Virtual)
        }
    }
}
