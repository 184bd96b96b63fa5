//! WebSocket frames and messages, compressed or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirelab_dissect::deflate::DeflateParams;
use wirelab_dissect::websocket::{Decoder, Messages, Side};
use wirelab_fuzz::{same_however_cut, told};

fuzz_target!(|data: &[u8]| {
    let params = DeflateParams { client_no_context_takeover: true, ..DeflateParams::default() };
    for deflate in [None, Some(params)] {
        for side in [Side::Client, Side::Server] {
            let mut decoder = Decoder::new(deflate);
            let mut messages = Messages::new(side, deflate);
            let mut rest = data;
            while let Ok(step) = decoder.step(rest) {
                let Some(event) = step.event else { break };
                messages.see(&event);
                rest = &rest[step.consumed..];
            }
        }
    }
    // Without the words of what was inflated: of which frame's part a byte comes out may depend on the cut.
    same_however_cut(data, || {
        let mut decoder = Decoder::new(None);
        move |input: &[u8]| told(decoder.step(input))
    });
    same_however_cut(data, || {
        let mut decoder = Decoder::new(Some(params));
        let mut messages = Messages::new(Side::Server, Some(params));
        move |input: &[u8]| {
            told(decoder.step(input).map(|step| wirelab_dissect::Step {
                consumed: step.consumed,
                mark: step.mark,
                event: step.event.map(|event| format!("{:?}", messages.see(&event))),
            }))
        }
    });
});
