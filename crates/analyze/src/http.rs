//! Which request does each byte of an HTTP/1.1 connection belong to?
//!
//! Requests and responses are decoded side by side; the oldest request without its final response owns the bytes that
//! the server sends (RFC 9112, section 9.3). A response that is an event stream hands its body on, and each event
//! becomes an exchange of its own; of one that is compressed they are counted.

use wirelab_dissect::deflate::DeflateParams;
use wirelab_dissect::http1::{self, Coding, Content, Event, Mark, ReplyTo, RequestDecoder, ResponseDecoder, Upgrade};
use wirelab_dissect::{Sniff, json_lines, sse};

use crate::compressed_content::CompressedContent;
use crate::exchange::{ExchangeId, ProtocolKind};
use crate::labels::label;
use crate::model::{Ended, Layer, ProblemLayer};
use crate::packet_in_hand::PacketInHand;
use crate::queue::Queue;
use crate::readable::readable;
use crate::recognition::{Answer, Wanted};
use crate::time_of_day::{Finder, TimePlace};

/// An HTTP/1.1 connection.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    request: RequestDecoder,
    response: ResponseDecoder,
    /// The request that is being received.
    asking: Option<ExchangeId>,
    /// Requests without their final response, oldest first.
    awaiting: Queue<Asked>,
    /// The response that is being received.
    answering: Option<Answering>,
    inside: Option<Box<Inside>>,
    /// Whether an event stream was ever open: one that has ended was one all the same.
    had_events: bool,
    finder: Finder,
    /// What the response in hand says, where that tells whose it is.
    heard: Option<Box<Answer>>,
    /// Whether a direction, client's or server's, is out of step and waits for a start line.
    lost: [bool; 2],
    /// How many requests were waiting when bytes of the server went missing: their responses may be among these.
    unsure: u16,
}

/// A request that waits for its response.
#[derive(Clone, Copy, Debug)]
struct Asked {
    exchange: ExchangeId,
    reply_to: ReplyTo,
    /// Whether it is a GET for a path that ends in a slash: what a page is.
    page: bool,
    wanted: Wanted,
}

/// A response that is being received.
#[derive(Clone, Copy, Debug)]
struct Answering {
    exchange: ExchangeId,
    reply_to: ReplyTo,
    page: bool,
    wanted: Wanted,
    /// What its head said: 0 before it was read.
    status: u16,
    place: Option<TimePlace>,
}

/// What is read of the content of a response that is being received, beside whose its bytes are.
#[derive(Clone, Debug)]
enum Inside {
    Events(Events),
    /// Where it is compressed, its request owns it all.
    Compressed(CompressedContent),
}

/// How events are told apart.
#[derive(Clone, Debug)]
enum Records {
    EventStream(sse::Decoder),
    JsonLines(json_lines::Decoder),
}

/// An event stream that is being received, or another stream of records.
#[derive(Clone, Debug)]
struct Events {
    records: Records,
    /// The event that is being received.
    event: Option<ExchangeId>,
    /// The event received last, or the exchange that opened the stream.
    last: ExchangeId,
    /// Whether any byte of the event in progress was seen.
    has_body: bool,
    /// What the event in progress says of reconnecting, in milliseconds.
    retry: Option<u64>,
    finder: Finder,
}

/// What becomes of the connection after some bytes.
pub(crate) enum Next {
    /// It goes on as it was.
    Same,
    /// It changes to WebSocket, with messages compressed so; so many bytes of the input were HTTP.
    WebSocket(Option<DeflateParams>, usize),
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
            inside: None,
            had_events: false,
            finder: Finder::default(),
            heard: None,
            lost: [false; 2],
            unsure: 0,
        }
    }

    /// Whether an event stream is open, or was.
    pub fn is_event_stream(&self) -> bool {
        self.had_events
    }

    /// Whether an event stream is open that can be read.
    fn has_events(&self) -> bool {
        matches!(self.inside.as_deref(), Some(Inside::Events(_)))
    }

    /// Reads what the client sends next.
    #[inline(never)]
    pub fn client(&mut self, input: &[u8], packet: &mut PacketInHand<'_>) {
        let mut data = input;
        if self.lost[0] {
            data = self.find_request(data, packet);
        }
        while !data.is_empty() {
            let exchange = match self.asking {
                Some(exchange) => packet.clamp(exchange),
                None if sniff_request(data) == Sniff::No => {
                    return self.no_request(data, packet);
                }
                None => {
                    let exchange = packet.begin(REQUEST, label::REQUEST);
                    packet.counts().http_requests += 1;
                    self.asking = Some(exchange);
                    exchange
                }
            };
            let step = self.request.step(data);
            let step = match &step {
                Ok(step) => step,
                Err(error) => return self.lose_request(exchange, *error, data, packet),
            };
            let consumed = step.consumed;
            packet.own(exchange, layer(step.mark, Layer::RequestHead), consumed);
            match &step.event {
                Some(Event::Request(head)) => {
                    packet.say(|| format!("{} {}", head.method, readable(head.target.as_bytes(), 60)));
                    let label = packet.request_label(head.method, head.target);
                    packet.name(exchange, REQUEST, label);
                    let reply_to = reply_to(head.method);
                    let page = head.method == "GET" && head.upgrade == Upgrade::None;
                    let wanted = Wanted::of(head.method, head.target);
                    // A connection of which only the client's side was captured must not grow without bound.
                    self.awaiting.push(Asked { exchange, reply_to, page, wanted }, MOST_AWAITING);
                    if self.request.end() {
                        self.asked(packet);
                    }
                }
                Some(Event::End) => self.asked(packet),
                Some(Event::Response(_)) => {}
                None if consumed == 0 => break,
                None => {}
            }
            data = data.get(consumed..).unwrap_or_default();
        }
    }

    /// A request has ended.
    fn asked(&mut self, packet: &mut PacketInHand<'_>) {
        self.asking = None;
        packet.ended(Ended::Request);
    }

    /// Reads what the server sends next.
    #[inline(never)]
    pub fn server(&mut self, input: &[u8], packet: &mut PacketInHand<'_>) -> Next {
        let mut data = input;
        if self.lost[1] {
            data = self.find_response(data, packet);
        }
        if let Some(answering) = self.answering
            && self.inside.is_none()
            && let Some(ended) = self.response.content(data)
        {
            // Most packets of a body have nothing else in them.
            self.give(Mark::Body, data, answering, packet);
            if ended {
                self.end(packet);
            }
            return Next::Same;
        }
        let mut first = !data.is_empty();
        while first || !data.is_empty() {
            // One step beyond the last byte: the next event of a stream begins where the one before has ended.
            first = !data.is_empty();
            if data.is_empty() && (!self.has_events() || self.answering.is_none()) {
                break;
            }
            let answering = match self.answering {
                Some(answering) => answering,
                None if sniff_response(data) == Sniff::No => {
                    self.no_response(data, packet);
                    return Next::Same;
                }
                None => self.answer(packet),
            };
            let step = self.response.step(data, answering.reply_to);
            let step = match &step {
                Ok(step) => step,
                Err(error) => {
                    self.fail(answering, *error, data, packet);
                    return Next::Same;
                }
            };
            let (consumed, mark) = (step.consumed, step.mark);
            let (bytes, rest) = data.split_at_checked(consumed).unwrap_or((data, &[]));
            data = rest;
            match &step.event {
                Some(Event::Response(head)) => {
                    packet.say(|| {
                        format!("{} {}", head.status, readable(head.reason.as_bytes(), 40)).trim_end().to_owned()
                    });
                    // The head borrows the decoder: what matters of it is kept.
                    let (status, upgrade, deflate) = (head.status, head.upgrade, head.deflate);
                    let (mut content, coding) = (head.content, head.content_encoding);
                    if content == Content::JsonLines && (coding != Coding::Identity || !may_go_on(head.body)) {
                        // What is all there, and what is compressed, is an answer like any other.
                        content = Content::Other;
                    }
                    packet.own(packet.clamp(answering.exchange), Layer::ResponseHead, consumed);
                    self.head(status, content, coding, answering, packet);
                    if status == 101 {
                        packet
                            .capture_state
                            .recognition
                            .upgraded(answering.wanted, upgrade != Upgrade::WebSocket || deflate.is_some());
                        self.end(packet);
                        let used = input.len() - data.len();
                        return match upgrade {
                            Upgrade::WebSocket => Next::WebSocket(deflate, used),
                            _ => Next::Tunnel(used),
                        };
                    }
                    if answering.reply_to == ReplyTo::Connect && (200..300).contains(&status) {
                        self.end(packet);
                        return Next::Tunnel(input.len() - data.len());
                    }
                    if self.response.end() {
                        self.end(packet);
                    }
                }
                Some(Event::End | Event::Request(_)) => {
                    self.give(mark, bytes, answering, packet);
                    self.end(packet);
                }
                None => {
                    self.give(mark, bytes, answering, packet);
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
    fn no_request(&mut self, data: &[u8], packet: &mut PacketInHand<'_>) {
        let exchange = packet.current();
        let found = readable(data, 20);
        packet.capture_state.recognition.nobody();
        packet.problem(ProblemLayer::Http, format!("expected a request line (RFC 9112 section 3), found \"{found}\""));
        packet.own(exchange, Layer::Content, data.len());
        self.lost[0] = true;
    }

    /// The server says something that is no response.
    #[cold]
    fn no_response(&mut self, data: &[u8], packet: &mut PacketInHand<'_>) {
        let exchange = self.awaiting.first().map_or_else(|| packet.current(), |asked| asked.exchange);
        let found = readable(data, 20);
        packet.capture_state.recognition.nobody();
        packet.problem(ProblemLayer::Http, format!("expected a status line (RFC 9112 section 4), found \"{found}\""));
        packet.own(packet.clamp(exchange), Layer::Content, data.len());
        self.lost[1] = true;
    }

    /// The request could not be decoded.
    #[cold]
    fn lose_request(&mut self, exchange: ExchangeId, error: http1::Error, data: &[u8], packet: &mut PacketInHand<'_>) {
        packet.capture_state.recognition.nobody();
        packet.problem(ProblemLayer::Http, error.to_string());
        packet.own(exchange, Layer::Content, data.len());
        self.lost[0] = true;
        self.asking = None;
    }

    /// The response could not be decoded.
    #[cold]
    fn fail(&mut self, answering: Answering, error: http1::Error, data: &[u8], packet: &mut PacketInHand<'_>) {
        packet.capture_state.recognition.nobody();
        packet.problem(ProblemLayer::Http, error.to_string());
        let owner = self.stream_owner().unwrap_or(answering.exchange);
        packet.own(packet.clamp(owner), Layer::Content, data.len());
        self.lose_response(packet);
    }

    /// Bytes of a direction are missing from the capture.
    pub fn skip(&mut self, from_client: bool, count: u64, packet: &mut PacketInHand<'_>) {
        if from_client {
            if !self.lost[0] && !self.request.skip(count) {
                self.cut_request(packet);
            } else if self.request.is_idle() {
                self.asking = None;
            }
        } else if !self.lost[1] {
            self.heard = None;
            if self.response.is_idle() && self.answering.is_none() {
                self.unsure = self.awaiting.len() as u16;
            }
            if !self.response.skip(count) {
                return self.lose_response(packet);
            }
            match self.inside.as_deref_mut() {
                Some(Inside::Events(events)) => {
                    return match &mut events.records {
                        Records::EventStream(decoder) => decoder.gap(),
                        Records::JsonLines(decoder) => decoder.gap(),
                    };
                }
                Some(Inside::Compressed(compressed)) => compressed.lose(),
                None => {}
            }
            if self.response.is_idle() && self.answering.is_some() {
                self.end(packet);
            }
        }
    }

    /// The rest of a request's head is missing: it is a request all the same, and is answered.
    #[cold]
    fn cut_request(&mut self, packet: &mut PacketInHand<'_>) {
        self.lost[0] = true;
        let (Some(exchange), Some((method, target))) = (self.asking.take(), self.request.begun()) else { return };
        packet.capture_state.recognition.nobody();
        let label = packet.request_label(method, target);
        packet.name(exchange, REQUEST, label);
        let asked = Asked { exchange, reply_to: reply_to(method), page: false, wanted: Wanted::of(method, target) };
        self.awaiting.push(asked, MOST_AWAITING);
    }

    /// The server has closed its side.
    pub fn finish(&mut self, packet: &mut PacketInHand<'_>) {
        if self.response.finish() {
            self.end(packet);
        } else if let Some(answering) = self.answering
            && let Some(rest) = self.response.rest_of_body()
            && !packet.state.partial
            // Whoever closes first wants no more.
            && !packet.state.directions.of(true).finished
        {
            // The events of a stream are over, each by itself.
            let exchange = if self.has_events() { packet.close() } else { packet.clamp(answering.exchange) };
            packet.short_body(exchange, rest);
        }
    }

    /// The exchange that the server's bytes belong to while an event stream is open.
    fn stream_owner(&self) -> Option<ExchangeId> {
        match self.inside.as_deref() {
            Some(Inside::Events(events)) => Some(events.event.unwrap_or(events.last)),
            _ => None,
        }
    }

    /// The next response begins: that of the oldest request that has none.
    fn answer(&mut self, packet: &mut PacketInHand<'_>) -> Answering {
        packet.counts().http_responses += 1;
        // A client that went on asking had its answers: those to the requests before the gap were in the gap.
        if self.unsure > 0 && self.awaiting.len() > self.unsure as usize {
            for _ in 0..self.unsure {
                if let Some(asked) = self.awaiting.pop() {
                    packet.complete(asked.exchange);
                }
            }
        }
        self.unsure = 0;
        let asked = match (self.awaiting.first(), self.asking) {
            (Some(asked), _) => *asked,
            (None, Some(exchange)) => {
                Asked { exchange, reply_to: ReplyTo::Other, page: false, wanted: Wanted::UNKNOWN }
            }
            (None, None) => {
                let exchange = packet.begin(REQUEST, label::NO_REQUEST);
                Asked { exchange, reply_to: ReplyTo::Other, page: false, wanted: Wanted::UNKNOWN }
            }
        };
        let answering = Answering {
            exchange: packet.clamp(asked.exchange),
            reply_to: asked.reply_to,
            page: asked.page,
            wanted: asked.wanted,
            status: 0,
            place: None,
        };
        self.finder.restart();
        self.answering = Some(answering);
        answering
    }

    /// A response's head is complete.
    fn head(
        &mut self,
        status: u16,
        content: Content,
        coding: Coding,
        answering: Answering,
        packet: &mut PacketInHand<'_>,
    ) {
        let exchange = answering.exchange;
        let Some(current) = &mut self.answering else { return };
        current.status = status;
        if status == 101 {
            if let Some(open) = packet.open(exchange) {
                open.protocol_kind = ProtocolKind::Upgrade;
            }
            return;
        }
        if status > 200 {
            packet.answered_with(exchange, status);
        }
        if answering.reply_to != ReplyTo::Head {
            self.heard = packet.capture_state.recognition.answer(answering.wanted, status, content, coding);
        }
        if coding == Coding::Identity {
            current.place = answering.wanted.place_of_time(content);
        }
        match content {
            Content::EventStream => {
                if let Some(open) = packet.open(exchange) {
                    open.protocol_kind = ProtocolKind::EventStream { compressed: coding != Coding::Identity };
                }
                packet.complete(exchange);
                if coding == Coding::Identity {
                    self.had_events = true;
                    self.inside = Some(Events::of(Records::EventStream(sse::Decoder::new()), exchange));
                }
            }
            Content::JsonLines => {
                if let Some(open) = packet.open(exchange) {
                    open.protocol_kind = ProtocolKind::EventStream { compressed: false };
                }
                packet.complete(exchange);
                self.inside = Some(Events::of(Records::JsonLines(json_lines::Decoder::new()), exchange));
            }
            Content::Html | Content::Json => {
                let html = content == Content::Html;
                let is_page = html && answering.page && (200..300).contains(&status);
                // The frame in a page comes with it.
                let first_page =
                    is_page && (packet.is_first_visit() || answering.wanted.is_frame() && packet.is_first_frame());
                if let Some(open) = packet.open(exchange) {
                    open.protocol_kind = ProtocolKind::Request { first_page, html };
                }
            }
            Content::Other | Content::None => {}
        }
        // Of a coding with another name, nobody knows what it is.
        if !matches!(coding, Coding::Identity | Coding::Other) {
            self.inside = Some(Box::new(Inside::Compressed(CompressedContent::new(coding, content, packet))));
        }
    }

    /// Gives bytes of a response to who owns them.
    #[inline]
    fn give(&mut self, mark: Mark, bytes: &[u8], answering: Answering, packet: &mut PacketInHand<'_>) {
        let Some(Inside::Events(events)) = self.inside.as_deref_mut() else {
            let exchange = packet.clamp(answering.exchange);
            if mark == Mark::Body
                && let Some(Inside::Compressed(compressed)) = self.inside.as_deref_mut()
            {
                compressed.read(bytes, exchange, packet);
            }
            if mark == Mark::Body
                && let Some(heard) = &mut self.heard
            {
                packet.capture_state.recognition.content(heard, bytes);
            }
            if mark == Mark::Body
                && let Some(place) = self.answering.and_then(|current| current.place)
                && let Some(found) = self.finder.look(bytes, place)
            {
                packet.own_time(exchange, bytes.len(), &found);
            } else {
                packet.own(exchange, layer(mark, Layer::ResponseHead), bytes.len());
            }
            return;
        };
        match mark {
            Mark::Head => packet.own(packet.clamp(answering.exchange), Layer::ResponseHead, bytes.len()),
            Mark::ChunkSize => {
                let exchange = events.begin(packet);
                packet.own(exchange, Layer::Framing, bytes.len());
            }
            Mark::ChunkEnd | Mark::Trailer => {
                let exchange = packet.clamp(events.event.unwrap_or(events.last));
                packet.own(exchange, Layer::Framing, bytes.len());
            }
            Mark::Body => events.read(bytes, packet),
        }
    }

    /// A response is complete.
    fn end(&mut self, packet: &mut PacketInHand<'_>) {
        if let Some(Inside::Events(events)) = self.inside.take().map(|inside| *inside) {
            events.end(packet);
        }
        if let Some(answering) = self.answering.take() {
            if answering.status > 0 {
                packet.ended(Ended::Response { status: answering.status });
            }
            // Another one follows.
            if (100..200).contains(&answering.status) && answering.status != 101 {
                return;
            }
            if let Some(heard) = self.heard.take() {
                let connection = packet.record.closed.connection;
                if packet.capture_state.recognition.answered(connection, &heard) {
                    packet.has_time_again(answering.exchange);
                }
            }
            packet.complete(answering.exchange);
            if self.awaiting.first().is_some_and(|asked| asked.exchange == answering.exchange) {
                self.awaiting.pop();
            }
        }
    }

    fn lose_response(&mut self, packet: &mut PacketInHand<'_>) {
        if let Some(open) = self.answering.and_then(|answering| packet.open(answering.exchange)) {
            open.is_cut = true;
        }
        self.heard = None;
        self.end(packet);
        self.lost[1] = true;
    }

    /// Looks for the next request line; what comes before it belongs to the exchange in progress.
    fn find_request<'a>(&mut self, data: &'a [u8], packet: &mut PacketInHand<'_>) -> &'a [u8] {
        let start = self.request.resync(data);
        self.lost[0] = start.is_none();
        skip_to(start, data, packet)
    }

    fn find_response<'a>(&mut self, data: &'a [u8], packet: &mut PacketInHand<'_>) -> &'a [u8] {
        let start = self.response.resync(data);
        self.lost[1] = start.is_none();
        skip_to(start, data, packet)
    }
}

impl Events {
    /// None yet of those that this exchange opened.
    fn of(records: Records, opened: ExchangeId) -> Box<Inside> {
        Box::new(Inside::Events(Events {
            records,
            event: None,
            last: opened,
            has_body: false,
            retry: None,
            finder: Finder::default(),
        }))
    }

    /// The event in progress, begun if there is none.
    fn begin(&mut self, packet: &mut PacketInHand<'_>) -> ExchangeId {
        match self.event {
            Some(event) => packet.clamp(event),
            None => {
                let label = match self.records {
                    Records::EventStream(_) => label::EVENT_MESSAGE,
                    Records::JsonLines(_) => label::LINE,
                };
                let event = packet.begin(ProtocolKind::Event, label);
                self.event = Some(event);
                self.has_body = false;
                self.retry = None;
                self.finder.restart();
                event
            }
        }
    }

    fn read(&mut self, mut data: &[u8], packet: &mut PacketInHand<'_>) {
        while !data.is_empty() {
            let event = self.begin(packet);
            self.has_body = true;
            let (consumed, is_over) = match &mut self.records {
                Records::EventStream(decoder) => {
                    let step = decoder.step(data);
                    if step.consumed == 0 && step.event.is_none() {
                        packet.own(event, Layer::Content, data.len());
                        return;
                    }
                    let bytes = data.get(..step.consumed).unwrap_or_default();
                    own(event, step.mark == sse::Mark::Value, bytes, &mut self.finder, packet);
                    (step.consumed, step.event.is_some_and(|what| happened(&what, event, &mut self.retry, packet)))
                }
                Records::JsonLines(decoder) => {
                    let step = decoder.step(data);
                    let bytes = data.get(..step.consumed).unwrap_or_default();
                    own(event, step.mark == json_lines::Mark::Text, bytes, &mut self.finder, packet);
                    if let Some(what) = &step.event {
                        line_ended(what, event, packet);
                    }
                    (step.consumed, step.event.is_some())
                }
            };
            if is_over {
                self.finish(event, packet);
            }
            data = data.get(consumed..).unwrap_or_default();
        }
    }

    fn finish(&mut self, event: ExchangeId, packet: &mut PacketInHand<'_>) {
        packet.complete(event);
        self.event = None;
        self.last = event;
    }

    /// The stream has ended.
    fn end(mut self, packet: &mut PacketInHand<'_>) {
        if let Some(event) = self.event {
            // A CR may have been waiting for its LF.
            if let Records::EventStream(decoder) = &mut self.records
                && let Some(what) = decoder.finish()
            {
                happened(&what, event, &mut self.retry, packet);
            }
            packet.complete(event);
            if !self.has_body {
                packet.name(event, ProtocolKind::Control, label::END_OF_STREAM);
            }
        }
    }
}

/// Gives bytes of an event to it: what it says, or what says where that is.
fn own(event: ExchangeId, is_said: bool, bytes: &[u8], finder: &mut Finder, packet: &mut PacketInHand<'_>) {
    match if is_said { finder.look(bytes, TimePlace::Markup) } else { None } {
        Some(found) => packet.own_time(event, bytes.len(), &found),
        None => packet.own(event, if is_said { Layer::Content } else { Layer::Framing }, bytes.len()),
    }
}

/// Notes that a line has ended.
fn line_ended(what: &json_lines::Event<'_>, event: ExchangeId, packet: &mut PacketInHand<'_>) {
    match *what {
        json_lines::Event::Line { text, .. } => {
            packet.capture_state.recognition.line(text);
            packet.say(|| format!("line {}", readable(text, 60)));
        }
        json_lines::Event::Blank => {
            packet.capture_state.recognition.nobody();
            packet.say(|| "empty line".to_owned());
            packet.name(event, ProtocolKind::Control, label::EMPTY_LINE);
        }
        json_lines::Event::Torn => packet.capture_state.recognition.nobody(),
    }
}

/// Whether nothing says how long what follows a head is.
fn may_go_on(body: http1::Body) -> bool {
    matches!(body, http1::Body::Chunked | http1::Body::UntilClose)
}

/// Notes what a step of the event stream's decoder said; gives whether the event is over.
fn happened(what: &sse::Event<'_>, event: ExchangeId, retry: &mut Option<u64>, packet: &mut PacketInHand<'_>) -> bool {
    match *what {
        sse::Event::Message { event_type, data, .. } => {
            packet.counts().rare().events += 1;
            packet.capture_state.recognition.event(event_type, data);
            packet.say(|| format!("event: {} {}", readable(event_type.as_bytes(), 40), readable(data, 60)));
            let label = match event_type {
                "message" => label::EVENT_MESSAGE,
                other => packet.label(&format!("event: {}", readable(other.as_bytes(), 40))),
            };
            packet.name(event, ProtocolKind::Event, label);
            true
        }
        sse::Event::Block => {
            packet.capture_state.recognition.nobody();
            match *retry {
                Some(time) => {
                    packet.say(|| format!("retry after {time} ms"));
                    packet.name(event, ProtocolKind::Control, label::RETRY);
                }
                None => {
                    packet.say(|| "comment".to_owned());
                    packet.name(event, ProtocolKind::Control, label::COMMENT);
                }
            }
            true
        }
        sse::Event::Retry(time) => {
            *retry = Some(time);
            false
        }
        sse::Event::Comment => false,
    }
}

fn skip_to<'a>(start: Option<usize>, data: &'a [u8], packet: &mut PacketInHand<'_>) -> &'a [u8] {
    let skipped = start.unwrap_or(data.len());
    if skipped > 0 {
        let exchange = packet.current();
        packet.own(exchange, Layer::Content, skipped);
    }
    data.get(skipped..).unwrap_or_default()
}

fn reply_to(method: &str) -> ReplyTo {
    match method {
        "HEAD" => ReplyTo::Head,
        "CONNECT" => ReplyTo::Connect,
        _ => ReplyTo::Other,
    }
}

fn layer(mark: Mark, head: Layer) -> Layer {
    match mark {
        Mark::Head => head,
        Mark::ChunkSize | Mark::ChunkEnd | Mark::Trailer => Layer::Framing,
        Mark::Body => Layer::Content,
    }
}

/// Whether bytes of this kind may begin HTTP.
pub(crate) use http1::{sniff_request, sniff_response};

/// What a request is before its answer says more.
const REQUEST: ProtocolKind = ProtocolKind::Request { first_page: false, html: false };
/// Requests without responses that are remembered.
const MOST_AWAITING: usize = 1024;
