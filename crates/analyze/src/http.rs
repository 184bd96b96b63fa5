//! Which request does each byte of an HTTP/1.1 connection belong to?
//!
//! Requests and responses are decoded side by side; the oldest request without its final response owns the bytes that
//! the server sends (RFC 9112, section 9.3). A response that is an event stream hands its body on, and each event
//! becomes an exchange of its own.

use wirelab_dissect::http1::{self, Coding, Content, Event, Mark, ReplyTo, RequestDecoder, ResponseDecoder, Upgrade};
use wirelab_dissect::{Sniff, sse};

use crate::book::label;
use crate::context::{Context, readable};
use crate::ledger::{ExId, Nature};
use crate::model::{Layer, ProblemLayer};
use crate::queue::Queue;
use crate::time_of_day::{Finder, Found, Place};
use crate::websocket::WebSocket;

/// An HTTP/1.1 connection.
#[derive(Debug)]
pub(crate) struct Http {
    request: RequestDecoder,
    response: ResponseDecoder,
    /// The request that is being received.
    asking: Option<ExId>,
    /// Requests without their final response, oldest first.
    awaiting: Queue<Asked>,
    /// The response that is being received.
    answering: Option<Answering>,
    events: Option<Box<Events>>,
    finder: Finder,
    /// Whether a direction, client's or server's, is out of step and waits for a start line.
    lost: [bool; 2],
    /// How many requests were waiting when bytes of the server went missing: their responses may be among these.
    unsure: u32,
}

/// A request that waits for its response.
#[derive(Clone, Copy, Debug)]
struct Asked {
    exchange: ExId,
    reply_to: ReplyTo,
    /// Whether it is a GET for a path that ends in a slash: what a page is.
    page: bool,
}

/// A response that is being received.
#[derive(Clone, Copy, Debug)]
struct Answering {
    exchange: ExId,
    reply_to: ReplyTo,
    page: bool,
    /// Whether its head said 1xx, so that the final response is still to come.
    interim: bool,
    place: Option<Place>,
}

/// An event stream that is being received.
#[derive(Debug)]
struct Events {
    decoder: sse::Decoder,
    /// The event that is being received.
    event: Option<ExId>,
    /// The event received last, or the exchange that opened the stream.
    last: ExId,
    /// Whether any byte of the event in progress was seen.
    has_body: bool,
    finder: Finder,
}

/// What becomes of the connection after some bytes.
pub(crate) enum Next {
    /// It goes on as it was.
    Same,
    /// It changes to WebSocket; so many bytes of the input were HTTP.
    WebSocket(Box<WebSocket>, usize),
    /// It changes to something else; so many bytes of the input were HTTP.
    Tunnel(usize),
}

impl Http {
    pub fn new() -> Http {
        Http {
            request: RequestDecoder::new(),
            response: ResponseDecoder::new(),
            asking: None,
            awaiting: Queue::default(),
            answering: None,
            events: None,
            finder: Finder::default(),
            lost: [false; 2],
            unsure: 0,
        }
    }

    /// Whether an event stream is open.
    pub fn is_event_stream(&self) -> bool {
        self.events.is_some()
    }

    /// Reads what the client sends next.
    #[inline(never)]
    pub fn client(&mut self, input: &[u8], cx: &mut Context<'_>) {
        let mut data = input;
        if self.lost[0] {
            data = self.find_request(data, cx);
        }
        while !data.is_empty() {
            let exchange = match self.asking {
                Some(exchange) => cx.ledger.clamp(exchange),
                None if !begins_usually(data) && sniff_request(data) == Sniff::No => return self.no_request(data, cx),
                None => {
                    let exchange = cx.begin(REQUEST, label::REQUEST);
                    cx.counts.http_requests += 1;
                    self.asking = Some(exchange);
                    exchange
                }
            };
            let step = self.request.step(data);
            let step = match &step {
                Ok(step) => step,
                Err(error) => return self.lose_request(exchange, *error, data, cx),
            };
            let consumed = step.consumed;
            cx.own(exchange, layer(step.mark, Layer::RequestHead), consumed);
            match &step.event {
                Some(Event::Request(head)) => {
                    cx.say(|| format!("{} {}", head.method, readable(head.target.as_bytes(), 60)));
                    let label = cx.request_labels.of(head.method, head.target, cx.book);
                    cx.name(exchange, REQUEST, label);
                    let reply_to = match head.method {
                        "HEAD" => ReplyTo::Head,
                        "CONNECT" => ReplyTo::Connect,
                        _ => ReplyTo::Other,
                    };
                    let page = head.method == "GET" && head.upgrade == Upgrade::None;
                    // A connection of which only the client's side was captured must not grow without bound.
                    self.awaiting.push(Asked { exchange, reply_to, page }, MOST_AWAITING);
                    if self.request.end() {
                        self.asking = None;
                    }
                }
                Some(Event::End) => self.asking = None,
                Some(Event::Response(_)) => {}
                None if consumed == 0 => break,
                None => {}
            }
            data = data.get(consumed..).unwrap_or_default();
        }
    }

    /// Reads what the server sends next.
    #[inline(never)]
    pub fn server(&mut self, input: &[u8], cx: &mut Context<'_>) -> Next {
        let mut data = input;
        if self.lost[1] {
            data = self.find_response(data, cx);
        }
        if let Some(answering) = self.answering
            && self.events.is_none()
            && let Some(ended) = self.response.content(data)
        {
            // Most packets of a body have nothing else in them.
            self.give(Mark::Body, data, answering, cx);
            if ended {
                self.end(cx);
            }
            return Next::Same;
        }
        let mut first = !data.is_empty();
        while first || !data.is_empty() {
            // One step beyond the last byte: the next event of a stream begins where the one before has ended.
            first = !data.is_empty();
            if data.is_empty() && (self.events.is_none() || self.answering.is_none()) {
                break;
            }
            let answering = match self.answering {
                Some(answering) => answering,
                None if !data.starts_with(b"HTTP/1.1 ") && sniff_response(data) == Sniff::No => {
                    self.no_response(data, cx);
                    return Next::Same;
                }
                None => self.answer(cx),
            };
            let step = self.response.step(data, answering.reply_to);
            let step = match &step {
                Ok(step) => step,
                Err(error) => {
                    self.fail(answering, *error, data, cx);
                    return Next::Same;
                }
            };
            let (consumed, mark) = (step.consumed, step.mark);
            let (bytes, rest) = data.split_at_checked(consumed).unwrap_or((data, &[]));
            data = rest;
            match &step.event {
                Some(Event::Response(head)) => {
                    cx.say(|| {
                        format!("{} {}", head.status, readable(head.reason.as_bytes(), 40)).trim_end().to_owned()
                    });
                    // The head borrows the decoder: what matters of it is kept.
                    let (status, upgrade, deflate) = (head.status, head.upgrade, head.deflate);
                    let (content, coding) = (head.content, head.content_encoding);
                    cx.own(cx.ledger.clamp(answering.exchange), Layer::ResponseHead, consumed);
                    self.head(status, content, coding, answering, cx);
                    if status == 101 {
                        self.end(cx);
                        let used = input.len() - data.len();
                        return match upgrade {
                            Upgrade::WebSocket => Next::WebSocket(Box::new(WebSocket::new(deflate, cx)), used),
                            _ => Next::Tunnel(used),
                        };
                    }
                    if answering.reply_to == ReplyTo::Connect && (200..300).contains(&status) {
                        self.end(cx);
                        return Next::Tunnel(input.len() - data.len());
                    }
                    if self.response.end() {
                        self.end(cx);
                    }
                }
                Some(Event::End | Event::Request(_)) => {
                    self.give(mark, bytes, answering, cx);
                    self.end(cx);
                }
                None => {
                    self.give(mark, bytes, answering, cx);
                    if consumed == 0 {
                        break;
                    }
                }
            }
        }
        Next::Same
    }

    /// The client says something that is no request.
    #[cold]
    fn no_request(&mut self, data: &[u8], cx: &mut Context<'_>) {
        let exchange = cx.current();
        let found = readable(data, 20);
        cx.problem(ProblemLayer::Http, format!("expected a request line (RFC 9112 section 3), found \"{found}\""));
        cx.own(exchange, Layer::Content, data.len());
        self.lost[0] = true;
    }

    /// The server says something that is no response.
    #[cold]
    fn no_response(&mut self, data: &[u8], cx: &mut Context<'_>) {
        let exchange = self.awaiting.first().map_or_else(|| cx.current(), |asked| asked.exchange);
        let found = readable(data, 20);
        cx.problem(ProblemLayer::Http, format!("expected a status line (RFC 9112 section 4), found \"{found}\""));
        cx.own(cx.ledger.clamp(exchange), Layer::Content, data.len());
        self.lost[1] = true;
    }

    /// The request could not be decoded.
    #[cold]
    fn lose_request(&mut self, exchange: ExId, error: http1::Error, data: &[u8], cx: &mut Context<'_>) {
        cx.problem(ProblemLayer::Http, error.to_string());
        cx.own(exchange, Layer::Content, data.len());
        self.lost[0] = true;
        self.asking = None;
    }

    /// The response could not be decoded.
    #[cold]
    fn fail(&mut self, answering: Answering, error: http1::Error, data: &[u8], cx: &mut Context<'_>) {
        cx.problem(ProblemLayer::Http, error.to_string());
        let owner = self.stream_owner().unwrap_or(answering.exchange);
        cx.own(cx.ledger.clamp(owner), Layer::Content, data.len());
        self.lose_response(cx);
    }

    /// Bytes of a direction are missing from the capture.
    pub fn skip(&mut self, from_client: bool, count: u64, cx: &mut Context<'_>) {
        if from_client {
            if !self.lost[0] && !self.request.skip(count) {
                self.lost[0] = true;
                self.asking = None;
            } else if self.request.is_idle() {
                self.asking = None;
            }
        } else if !self.lost[1] {
            if self.response.is_idle() && self.answering.is_none() {
                self.unsure = self.awaiting.len() as u32;
            }
            if !self.response.skip(count) {
                self.lose_response(cx);
            } else if let Some(events) = &mut self.events {
                events.decoder.gap();
            } else if self.response.is_idle() && self.answering.is_some() {
                self.end(cx);
            }
        }
    }

    /// The server has closed its side.
    pub fn finish(&mut self, cx: &mut Context<'_>) {
        if self.response.finish() {
            self.end(cx);
        }
    }

    /// The exchange that the server's bytes belong to while an event stream is open.
    fn stream_owner(&self) -> Option<ExId> {
        self.events.as_ref().map(|events| events.event.unwrap_or(events.last))
    }

    /// The next response begins: that of the oldest request that has none.
    fn answer(&mut self, cx: &mut Context<'_>) -> Answering {
        cx.counts.http_responses += 1;
        // A client that went on asking had its answers: those to the requests before the gap were in the gap.
        if self.unsure > 0 && self.awaiting.len() > self.unsure as usize {
            for _ in 0..self.unsure {
                if let Some(asked) = self.awaiting.pop() {
                    cx.complete(asked.exchange);
                }
            }
        }
        self.unsure = 0;
        let asked = match (self.awaiting.first(), self.asking) {
            (Some(asked), _) => *asked,
            (None, Some(exchange)) => Asked { exchange, reply_to: ReplyTo::Other, page: false },
            (None, None) => {
                let exchange = cx.begin(REQUEST, label::NO_REQUEST);
                Asked { exchange, reply_to: ReplyTo::Other, page: false }
            }
        };
        let answering = Answering {
            exchange: cx.ledger.clamp(asked.exchange),
            reply_to: asked.reply_to,
            page: asked.page,
            interim: false,
            place: None,
        };
        self.finder.restart();
        self.answering = Some(answering);
        answering
    }

    /// A response's head is complete.
    fn head(&mut self, status: u16, content: Content, coding: Coding, answering: Answering, cx: &mut Context<'_>) {
        let exchange = answering.exchange;
        let Some(current) = &mut self.answering else { return };
        current.interim = (100..200).contains(&status) && status != 101;
        if status == 101 {
            if let Some(open) = cx.ledger.get(exchange) {
                open.nature = Nature::Upgrade;
            }
            return;
        }
        match content {
            Content::EventStream => {
                if let Some(open) = cx.ledger.get(exchange) {
                    open.nature = Nature::EventStream;
                }
                cx.complete(exchange);
                if coding != Coding::Identity {
                    // Its events are compressed: nobody can say where one ends.
                    return;
                }
                self.events = Some(Box::new(Events {
                    decoder: sse::Decoder::new(),
                    event: None,
                    last: exchange,
                    has_body: false,
                    finder: Finder::default(),
                }));
            }
            Content::Html | Content::Json => {
                current.place = (coding == Coding::Identity).then_some(Place::Markup);
                let html = content == Content::Html;
                let first_page = html && answering.page && (200..300).contains(&status) && visit(cx);
                if let Some(open) = cx.ledger.get(exchange) {
                    open.nature = Nature::Request { first_page, html, json: !html };
                }
            }
            Content::Other | Content::None => {}
        }
    }

    /// Gives bytes of a response to who owns them.
    #[inline]
    fn give(&mut self, mark: Mark, bytes: &[u8], answering: Answering, cx: &mut Context<'_>) {
        let Some(events) = &mut self.events else {
            let exchange = cx.ledger.clamp(answering.exchange);
            if mark == Mark::Body
                && let Some(place) = self.answering.and_then(|current| current.place)
                && let Some(found) = self.finder.look(bytes, place)
            {
                own_time(exchange, bytes.len(), &found, cx);
            } else {
                cx.own(exchange, layer(mark, Layer::ResponseHead), bytes.len());
            }
            return;
        };
        match mark {
            Mark::Head => cx.own(cx.ledger.clamp(answering.exchange), Layer::ResponseHead, bytes.len()),
            Mark::ChunkSize => {
                let exchange = events.begin(cx);
                cx.own(exchange, Layer::Framing, bytes.len());
            }
            Mark::ChunkEnd | Mark::Trailer => {
                let exchange = cx.ledger.clamp(events.event.unwrap_or(events.last));
                cx.own(exchange, Layer::Framing, bytes.len());
            }
            Mark::Body => events.read(bytes, cx),
        }
    }

    /// A response is complete.
    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(events) = self.events.take() {
            events.end(cx);
        }
        if let Some(answering) = self.answering.take() {
            if answering.interim {
                return;
            }
            cx.complete(answering.exchange);
            if self.awaiting.first().is_some_and(|asked| asked.exchange == answering.exchange) {
                self.awaiting.pop();
            }
        }
    }

    fn lose_response(&mut self, cx: &mut Context<'_>) {
        self.end(cx);
        self.lost[1] = true;
    }

    /// Looks for the next request line; what comes before it belongs to the exchange in progress.
    fn find_request<'a>(&mut self, data: &'a [u8], cx: &mut Context<'_>) -> &'a [u8] {
        let start = self.request.resync(data);
        self.lost[0] = start.is_none();
        skip_to(start, data, cx)
    }

    fn find_response<'a>(&mut self, data: &'a [u8], cx: &mut Context<'_>) -> &'a [u8] {
        let start = self.response.resync(data);
        self.lost[1] = start.is_none();
        skip_to(start, data, cx)
    }
}

impl Events {
    /// The event in progress, begun if there is none.
    fn begin(&mut self, cx: &mut Context<'_>) -> ExId {
        match self.event {
            Some(event) => cx.ledger.clamp(event),
            None => {
                let event = cx.begin(Nature::Event, label::EVENT_MESSAGE);
                self.event = Some(event);
                self.has_body = false;
                self.finder.restart();
                event
            }
        }
    }

    fn read(&mut self, mut data: &[u8], cx: &mut Context<'_>) {
        while !data.is_empty() {
            let event = self.begin(cx);
            self.has_body = true;
            let step = self.decoder.step(data);
            if step.consumed == 0 && step.event.is_none() {
                cx.own(event, Layer::Content, data.len());
                return;
            }
            let bytes = data.get(..step.consumed).unwrap_or_default();
            if step.mark == sse::Mark::Value {
                match self.finder.look(bytes, Place::Markup) {
                    Some(found) => {
                        own_time(event, bytes.len(), &found, cx);
                    }
                    None => cx.own(event, Layer::Content, bytes.len()),
                }
            } else {
                cx.own(event, Layer::Framing, bytes.len());
            }
            if let Some(what) = step.event
                && happened(&what, event, cx)
            {
                self.finish(event, cx);
            }
            data = data.get(bytes.len()..).unwrap_or_default();
        }
    }

    fn finish(&mut self, event: ExId, cx: &mut Context<'_>) {
        cx.complete(event);
        self.event = None;
        self.last = event;
    }

    /// The stream has ended.
    fn end(mut self, cx: &mut Context<'_>) {
        if let Some(event) = self.event {
            // A CR may have been waiting for its LF.
            if let Some(what) = self.decoder.finish() {
                happened(&what, event, cx);
            }
            cx.complete(event);
            if !self.has_body {
                cx.name(event, Nature::Control, label::END_OF_STREAM);
            }
        }
    }
}

/// Notes what a step of the event stream's decoder said; gives whether the event is over.
fn happened(what: &sse::Event<'_>, event: ExId, cx: &mut Context<'_>) -> bool {
    match *what {
        sse::Event::Message { event_type, data, .. } => {
            cx.counts.rare().events += 1;
            cx.say(|| format!("event: {} {}", readable(event_type.as_bytes(), 40), readable(data, 60)));
            let label = match event_type {
                "message" => label::EVENT_MESSAGE,
                other => cx.book.label(&format!("event: {}", readable(other.as_bytes(), 40))),
            };
            cx.name(event, Nature::Event, label);
            true
        }
        sse::Event::Block => {
            cx.say(|| "comment".to_owned());
            cx.name(event, Nature::Control, label::COMMENT);
            true
        }
        sse::Event::Comment | sse::Event::Retry(_) => false,
    }
}

/// Gives bytes with a server's time in them to their exchange.
pub(crate) fn own_time(exchange: ExId, len: usize, found: &Found, cx: &mut Context<'_>) {
    if let Some(open) = cx.ledger.get(exchange) {
        open.has_time = true;
        // Characters of it that came in an earlier segment were given to the exchange as content.
        open.costs.useful += found.before as u32;
        open.push.useful += found.before as u32;
    }
    let time = &found.range;
    cx.own(exchange, Layer::Content, time.start.min(len));
    cx.own(exchange, Layer::Useful, time.end.min(len).saturating_sub(time.start));
    cx.own(exchange, Layer::Content, len.saturating_sub(time.end));
}

fn skip_to<'a>(start: Option<usize>, data: &'a [u8], cx: &mut Context<'_>) -> &'a [u8] {
    let skipped = start.unwrap_or(data.len());
    if skipped > 0 {
        let exchange = cx.current();
        cx.own(exchange, Layer::Content, skipped);
    }
    data.get(skipped..).unwrap_or_default()
}

/// Whether this is the first page that the client's address asks for.
fn visit(cx: &mut Context<'_>) -> bool {
    let client = cx.client();
    cx.visitors.is_first(client)
}

fn layer(mark: Mark, head: Layer) -> Layer {
    match mark {
        Mark::Head => head,
        Mark::ChunkSize | Mark::ChunkEnd | Mark::Trailer => Layer::Framing,
        Mark::Body => Layer::Content,
    }
}

/// Whether these bytes begin with a method that needs no further look: what else is wrong the decoder finds.
fn begins_usually(data: &[u8]) -> bool {
    data.starts_with(b"GET ") || data.starts_with(b"POST ")
}

/// Whether bytes of this kind may begin HTTP.
pub(crate) use http1::{sniff_request, sniff_response};

/// What a request is before its answer says more.
const REQUEST: Nature = Nature::Request { first_page: false, html: false, json: false };
/// Requests without responses that are remembered.
const MOST_AWAITING: usize = 1024;
