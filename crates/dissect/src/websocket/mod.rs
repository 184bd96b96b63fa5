//! Which frames and messages are in this WebSocket stream (RFC 6455)?
//!
//! ```text
//!  0               1               2               3
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! |F|R|R|R| opcode|M|  length     |  length, where the 7 bits say |
//! |I|S|S|S|       |A|  7 bits     |  126 (16 bits) or 127 (64)    |
//! |N|V|V|V|  4    |S|             |                               |
//! | |1|2|3|       |K|             |                               |
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! |  masking key, 4 bytes, where M is set                         |
//! +---------------------------------------------------------------+
//! |  payload                                                      |
//! ```
//!
//! Two layers. [`Decoder`] finds frames and only fails where it can't tell how long a frame is. [`Messages`] puts frames
//! together to messages, and judges: it knows what was negotiated and who speaks.

mod decoder;
mod frame;
mod messages;
mod midway;

pub use decoder::{Decoder, Error, Event, Inflated, Mark};
pub use frame::{FrameHeader, Opcode};
pub use messages::{Message, Messages, Seen, Side, Told, Violation, Violations};
pub use midway::sniff_midway;
