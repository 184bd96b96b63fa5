//! What the page teaches whatever was captured: explanations, glossary, misunderstandings, filters.
//!
//! `{of the lab|of others}` in a text is the first where one of the lab's own captures is shown, and the second where it
//! is somebody else's: nothing is said of these but what their packets show.

use std::borrow::Cow;

use serde::Serialize;

/// An explanation that numbers and packets lead to.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    id: &'static str,
    title: &'static str,
    text: Cow<'static, str>,
    source: &'static str,
    url: &'static str,
}

/// A word and what it means.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Term {
    word: &'static str,
    meaning: &'static str,
}

/// What many believe, and what is so.
#[derive(Clone, Debug, Serialize)]
pub struct Misunderstanding {
    belief: &'static str,
    truth: Cow<'static, str>,
}

/// The explanations, for readers of the lab's own captures or of others.
pub fn explanations(own: bool) -> Vec<Explanation> {
    EXPLANATIONS.into_iter().map(|one| Explanation { text: said(&one.text, own).into(), ..one }).collect()
}

/// The misunderstandings, for readers of the lab's own captures or of others.
pub fn misunderstandings(own: bool) -> Vec<Misunderstanding> {
    MISUNDERSTANDINGS.into_iter().map(|one| Misunderstanding { truth: said(&one.truth, own).into(), ..one }).collect()
}

/// A text with one of each two choices.
fn said(text: &str, own: bool) -> String {
    let (mut said, mut rest) = (String::new(), text);
    while let Some((before, (choice, after))) =
        rest.split_once('{').and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
    {
        let (ours, others) = choice.split_once('|').unwrap_or((choice, ""));
        said.push_str(before);
        said.push_str(if own { ours } else { others });
        rest = after;
    }
    said.push_str(rest);
    said
}

/// A display filter that is worth knowing.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Filter {
    what: &'static str,
    filter: &'static str,
}

const fn explain(
    id: &'static str,
    title: &'static str,
    text: &'static str,
    source: &'static str,
    url: &'static str,
) -> Explanation {
    Explanation { id, title, text: Cow::Borrowed(text), source, url }
}

/// The explanations.
const EXPLANATIONS: [Explanation; 10] = [
    explain(
        "why-ack",
        "Why is there an ACK on its own?",
        "TCP tells the sender which bytes have arrived. The acknowledgement rides on data whenever there is data to send; where there is none within the delay that TCP allows itself, it travels in a packet of its own: all headers, no payload. The client's ACK of a pushed update is such a packet, because the client has nothing to say.",
        "RFC 9293, section 3.8.6.3",
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.8.6.3",
    ),
    explain(
        "why-delayed",
        "What is a delayed ACK?",
        "A receiver may wait with its ACK, up to 500 ms by the standard and 40 ms on Linux, in the hope that the application answers and the ACK can ride along. An answer that comes within the delay saves a packet: {this is why the server's answer here usually acknowledges the request|an answer then acknowledges its request}. At the start of a connection Linux does not wait (its quick-ACK phase), so the first update may have one packet more.",
        "RFC 9293, section 3.8.6.3",
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.8.6.3",
    ),
    explain(
        "why-nagle",
        "Why can one answer take two segments and two round trips?",
        "Nagle's algorithm holds back a small segment as long as data sent earlier is not acknowledged. A server that writes the head of its answer and then the body hands TCP two small pieces: the head leaves at once, the body waits a round trip for the head's ACK. {The server of 2021 did so, and its page cost five packets|A small page then costs five packets}: request, head, ACK, body, ACK. A server that writes both at once needs three: request, answer, ACK; the two packets that it saves are 66 bytes each. {The client here acknowledges the head as soon as it has it. One|A client} that delays its ACK would hold up the body for as long.",
        "RFC 9293, section 3.7.4",
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.7.4",
    ),
    explain(
        "why-handshake",
        "Why three packets before the first byte?",
        "Each side has to learn where the other begins to count its bytes, and that the other hears it: SYN, SYN with ACK, ACK. Their headers are longer than later ones, because options are agreed on here: segment size, window scale, selective acknowledgement, timestamps.",
        "RFC 9293, section 3.5",
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.5",
    ),
    explain(
        "why-close",
        "Why does closing take three packets or four?",
        "Each direction is closed by itself with a FIN, and each FIN is acknowledged. Where the second side closes at once, its FIN and its ACK share a packet, which makes three. A RST ends both directions at once and says that something came for a connection that is no longer there.",
        "RFC 9293, section 3.6",
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.6",
    ),
    explain(
        "why-data",
        "Why is there an ACK in a packet with data?",
        "Every TCP header has a field for the acknowledgement number, whether it is needed or not. So a packet with data acknowledges at no cost.",
        "RFC 9293, section 3.1",
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.1",
    ),
    explain(
        "why-again",
        "Why is something sent twice?",
        "A sender that hears no ACK in time, or sees the same ACK three times, takes the packet for lost and sends its bytes again. Both copies count here as bytes on the wire, because the wire carried both.",
        "RFC 9293, section 3.8",
        "https://www.rfc-editor.org/rfc/rfc9293#section-3.8",
    ),
    explain(
        "why-mask",
        "What is a masked frame, and what is masking for?",
        "A client must combine the payload of each WebSocket frame by exclusive or (xor: a bit is 1 where the two differ) with a key of four bytes that it draws anew for each frame and sends in front of the payload. Byte i of the payload is combined with byte i mod 4 of the key, so the key repeats every four bytes; the same step once more gives the payload back. That costs four bytes and hides nothing. It makes the bytes on the wire unpredictable for the page that sends them, so that a script cannot write what an old proxy would take for an HTTP request. Servers do not mask.",
        "RFC 6455, section 5.3",
        "https://www.rfc-editor.org/rfc/rfc6455#section-5.3",
    ),
    explain(
        "why-heads",
        "Why do HTTP updates carry so many bytes?",
        "HTTP has no memory of its own: each request says again which host it is for, what the browser is, which formats and languages it takes. The answer says again what it is and when. For eight characters of news that is a few hundred bytes each time. WebSocket and event streams send their heads once.",
        "RFC 9110, section 6.3",
        "https://www.rfc-editor.org/rfc/rfc9110#section-6.3",
    ),
    explain(
        "why-lower",
        "Why 34 bytes below TCP, and 32 of TCP?",
        "14 bytes of Ethernet header and 20 of IPv4 header make 34 a packet; 20 bytes of TCP header and 12 of options (two fillers and the timestamps) make 32. So a packet that says nothing takes 66 bytes. On a real link there are a preamble, a checksum and a gap around each frame too, which captures do not show.",
        "RFC 7323, section 3.2",
        "https://www.rfc-editor.org/rfc/rfc7323#section-3.2",
    ),
];

const fn term(word: &'static str, meaning: &'static str) -> Term {
    Term { word, meaning }
}

/// The glossary, in the field's words.
pub const GLOSSARY: [Term; 24] = [
    term(
        "ACK",
        "A flag and a number in the TCP header: all bytes before this number have arrived. A packet that carries nothing else is called an ACK as well.",
    ),
    term("Ajax", "A script in a page fetches data over HTTP and changes the page, without loading it again."),
    term(
        "Application bytes",
        "TCP payload: what the two programs wrote, heads and framing of their protocol included.",
    ),
    term(
        "Chunk",
        "A piece of an HTTP/1.1 body that is sent with its length in front, where the whole length is not known (RFC 9112, section 7.1).",
    ),
    term(
        "Close code",
        "The reason for closing a WebSocket, two bytes. 1001 is \"going away\", as when a tab is closed (RFC 6455, section 7.4.1).",
    ),
    term("Delayed ACK", "An ACK that waits a little for data to ride on."),
    term("Event stream", "A response that never ends, of lines such as “data: …”: server-sent events (WHATWG HTML)."),
    term(
        "Exchange",
        "Here: the packets that belong together, a request with its answer and their ACKs, or a pushed message with its ACK.",
    ),
    term("FIN", "The flag that says: this side sends nothing more."),
    term("Frame", "What the link carries: header, packet, padding. Also the unit of a WebSocket message."),
    term(
        "Framing",
        "The bytes that say where a message begins and ends: chunk sizes, “data:”, WebSocket headers and masks.",
    ),
    term("Keep-alive", "An HTTP connection that stays open for the next request."),
    term("Masking key", "Four bytes with which a WebSocket client combines its payload by exclusive or."),
    term("MSS", "Maximum segment size: how many bytes of payload one segment may carry, 1460 on Ethernet with IPv4."),
    term("MTU", "Maximum transmission unit: how large an IP packet the link carries, 1500 on Ethernet."),
    term(
        "Nagle's algorithm",
        "Small segments wait while earlier data is unacknowledged. The socket option TCP_NODELAY switches it off.",
    ),
    term("Opcode", "The kind of a WebSocket frame: 1 text, 2 binary, 8 close, 9 ping, 10 pong."),
    term(
        "Push",
        "A message that the server sends without being asked for it. Not the PSH flag, which only asks TCP to hand data over.",
    ),
    term("Quick ACK", "Linux's habit of acknowledging at once at the start of a connection."),
    term("Round trip", "The time for a packet to the other end and its answer back."),
    term("RST", "The flag that breaks a connection off."),
    term("Segment", "What TCP sends: a header and a piece of the byte stream."),
    term("Upgrade", "The HTTP request and answer (101) that turn a connection into a WebSocket."),
    term("Window", "How many bytes the receiver has room for."),
];

const fn mistake(belief: &'static str, truth: &'static str) -> Misunderstanding {
    Misunderstanding { belief, truth: Cow::Borrowed(truth) }
}

/// Common misunderstandings.
const MISUNDERSTANDINGS: [Misunderstanding; 8] = [
    mistake(
        "An ACK means that the application has the message.",
        "It means that the other end's TCP has the bytes. Whether a program has read them, only its answer tells.",
    ),
    mistake(
        "One write is one packet.",
        "TCP is a stream of bytes. Two writes may leave in one segment, one write in many, and the reader sees no borders. Borders are what framing is for.",
    ),
    mistake(
        "A capture shows what was on the cable.",
        "It shows what the interface handed over. With segmentation offload a capture on the sender shows frames of up to 64 kB that the card cuts up later{; on this lab's wires offload is off, so frames are at most 1514 bytes|}.",
    ),
    mistake(
        "A wrong checksum in a capture is a broken packet.",
        "Where the card computes checksums, a capture on the sender sees them before they are filled in.",
    ),
    mistake(
        "WebSocket is faster because it is binary.",
        "{Here it carries|It may carry} the same JSON text. It saves the heads that HTTP repeats with each request.",
    ),
    mistake("SSE needs a new request for each event.", "One request opens the stream; the answer simply does not end."),
    mistake(
        "Masking encrypts.",
        "The key stands in front of the bytes. Only TLS keeps a reader of the wire from reading.",
    ),
    mistake(
        "TCP_NODELAY makes packets fewer.",
        "It makes them leave sooner. Fewer packets come from writing what belongs together at once.",
    ),
];

const fn filter(what: &'static str, filter: &'static str) -> Filter {
    Filter { what, filter }
}

/// Filters for Wireshark and tshark.
pub const FILTERS: [Filter; 8] = [
    filter("Packets with data", "tcp.len > 0"),
    filter("ACKs on their own", "tcp.len == 0 && tcp.flags == 0x010"),
    filter("Handshakes", "tcp.flags.syn == 1"),
    filter("HTTP requests and responses", "http.request || http.response"),
    filter("WebSocket frames from the client", "websocket && websocket.mask == 1"),
    filter("Everything that was sent again", "tcp.analysis.retransmission"),
    filter("One conversation", "tcp.stream eq 0"),
    filter("Endings", "tcp.flags.fin == 1 || tcp.flags.reset == 1"),
];
