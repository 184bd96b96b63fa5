//! Which requests may pass?
//!
//! A browser runs the scripts of any page, and lets them send requests to this machine. The server behind the lab may be
//! somebody's unfinished work that trusts whoever reaches it, so each request is looked at before it is carried on:
//!
//! - the host that it names must be this machine, or one that was allowed: else a stranger's name that came to mean
//!   127.0.0.1 could read everything (DNS rebinding);
//! - the page that sends it, where `Origin` or `Sec-Fetch-Site` says that it is a page, must be of this machine or of a host that was allowed.
//!   That goes for WebSockets, too, which no same-origin policy covers (RFC 6455, section 10.2).
//!
//! Every request of a connection is looked at, for a browser may put those of several pages on one. What is no HTTP passes: a
//! browser cannot send it. What might become a request waits until its first line is there; a person who types slowly waits
//! for a second.

use axum::http::{HeaderName, HeaderValue, Method, Request, Uri, Version};
use wirelab_apps::{AllowedHost, Refused, may_ask};
use wirelab_dissect::http1::{self, Event, RequestDecoder, RequestHead, Sniff, Upgrade, sniff_request};

/// Looks at what one client says.
#[derive(Clone, Debug)]
pub struct Gate {
    allowed: Vec<AllowedHost>,
    over_loopback: bool,
    /// What `Host` shall say instead of what it says.
    host: Option<String>,
    place: Place,
    /// What may not pass before more is known.
    held: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Place {
    /// Nothing is known yet.
    Beginning,
    /// Among requests.
    Requests(Box<RequestDecoder>),
    /// Not HTTP, or not any more: all passes.
    Open,
}

/// Why a request may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It comes from where it may not come from.
    Caller(Refused),
    /// It is no request that could be looked at.
    Unreadable,
}

impl Gate {
    /// For a client that came over the loopback interface, or not.
    pub fn new(allowed: Vec<AllowedHost>, over_loopback: bool) -> Gate {
        Gate { allowed, over_loopback, host: None, place: Place::Beginning, held: Vec::new() }
    }

    /// The same, with another host in each request that passes: for a server that answers to its own name alone.
    pub fn naming(self, host: Option<String>) -> Gate {
        Gate { host, ..self }
    }

    /// One that lets everything pass.
    pub fn open() -> Gate {
        Gate { place: Place::Open, ..Gate::new(Vec::new(), false) }
    }

    /// Whether everything passes from now on.
    pub fn is_open(&self) -> bool {
        matches!(self.place, Place::Open) && self.held.is_empty()
    }

    /// Whether it waits for the rest of what may be a first line.
    pub fn holds_back(&self) -> bool {
        matches!(self.place, Place::Beginning) && !self.held.is_empty()
    }

    /// Takes the next bytes, and puts those that may pass to `out`.
    ///
    /// # Errors
    /// A request may not pass, and nothing behind it.
    pub fn admit(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        match &mut self.place {
            Place::Open => out.extend_from_slice(bytes),
            Place::Requests(_) => self.requests(bytes, out)?,
            Place::Beginning => {
                self.held.extend_from_slice(bytes);
                match sniff_request(&self.held) {
                    Sniff::NotYet => {}
                    Sniff::No => self.let_go(out),
                    Sniff::Yes => {
                        self.place = Place::Requests(Box::default());
                        let held = std::mem::take(&mut self.held);
                        self.requests(&held, out)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Nothing more comes that could make a request of what is held back at the beginning: it passes. Part of a head does
    /// not.
    pub fn let_go(&mut self, out: &mut Vec<u8>) {
        if matches!(self.place, Place::Beginning) {
            self.place = Place::Open;
            out.append(&mut self.held);
        }
    }

    fn requests(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let Place::Requests(decoder) = &mut self.place else { return Ok(()) };
        loop {
            let step = decoder.step(bytes).map_err(|_| Refusal::Unreadable)?;
            let (consumed, rest) = bytes.split_at(step.consumed);
            let is_over = step.consumed == 0 && step.event.is_none();
            let is_head = step.mark == http1::Mark::Head;
            let mut opens = false;
            let mut is_whole = !is_head;
            if let Some(Event::Request(head)) = &step.event {
                check(head, self.over_loopback, &self.allowed).map_err(Refusal::Caller)?;
                opens = head.upgrade != Upgrade::None || head.method == "CONNECT";
                is_whole = true;
            }
            if is_whole
                && is_head
                && let Some(host) = &self.host
            {
                self.held.extend_from_slice(consumed);
                out.extend(with_host(&std::mem::take(&mut self.held), host));
            } else if is_whole {
                out.append(&mut self.held);
                out.extend_from_slice(consumed);
            } else {
                self.held.extend_from_slice(consumed);
            }
            bytes = rest;
            if opens {
                out.extend_from_slice(bytes);
                self.place = Place::Open;
                return Ok(());
            }
            if is_over {
                return Ok(());
            }
        }
    }
}

impl Refusal {
    /// What the client is told.
    pub fn answer(self) -> String {
        let (status, why) = match self {
            Refusal::Caller(refused) => (refused.status(), refused.why()),
            Refusal::Unreadable => (axum::http::StatusCode::BAD_REQUEST, UNREADABLE),
        };
        let reason = status.canonical_reason().unwrap_or_default();
        format!(
            "HTTP/1.1 {} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{why}",
            status.as_u16(),
            why.len()
        )
    }
}

/// A head with another host.
fn with_host(head: &[u8], host: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(head.len() + host.len());
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        match line.get(..5) {
            Some(name) if name.eq_ignore_ascii_case(b"host:") => {
                text.extend_from_slice(format!("Host: {host}\r\n").as_bytes())
            }
            _ => text.extend_from_slice(line),
        }
    }
    text
}

/// Whether a request may pass.
fn check(head: &RequestHead<'_>, over_loopback: bool, allowed: &[AllowedHost]) -> Result<(), Refused> {
    let mut request = Request::new(());
    // What the library does not take as a target names no host.
    *request.uri_mut() = head.target.parse().unwrap_or(Uri::from_static("/"));
    *request.method_mut() = Method::from_bytes(head.method.as_bytes()).unwrap_or(Method::POST);
    *request.version_mut() = match head.version {
        http1::Version::Http10 => Version::HTTP_10,
        http1::Version::Http11 => Version::HTTP_11,
    };
    for (name, value) in head.fields {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            request.headers_mut().append(name, value);
        }
    }
    may_ask(&request.into_parts().0, over_loopback, allowed)
}

const UNREADABLE: &str = "The lab cannot read this request, so it does not carry it on.\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_rewritten_in_each_head_and_nowhere_else() {
        let said = "POST /a HTTP/1.1\r\nhost: localhost\r\nContent-Length: 9\r\n\r\nHost: abcGET / HTTP/1.1\r\nX: y\r\nHost:127.0.0.1\r\n\r\n";
        let expected = "POST /a HTTP/1.1\r\nHost: b:3\r\nContent-Length: 9\r\n\r\nHost: abcGET / HTTP/1.1\r\nX: y\r\nHost: b:3\r\n\r\n";
        for pieces in 1..40 {
            let mut gate = Gate::new(Vec::new(), true).naming(Some("b:3".to_owned()));
            let mut passed = Vec::new();
            for piece in said.as_bytes().chunks(pieces) {
                gate.admit(piece, &mut passed).unwrap();
            }
            assert_eq!(String::from_utf8(passed).unwrap(), expected, "in pieces of {pieces}");
        }
    }

    #[test]
    fn what_is_no_request_passes_as_it_is() {
        for (said, passes_at_once) in
            [("time\n", true), ("\x16\x03\x01", true), ("PING", false), ("PING\r\n", true), ("*1\r\n$4\r\n", true)]
        {
            let mut gate = Gate::new(Vec::new(), true);
            let mut passed = Vec::new();
            gate.admit(said.as_bytes(), &mut passed).unwrap();
            assert_eq!(passed == said.as_bytes(), passes_at_once, "{said:?}");
            assert_eq!(gate.holds_back(), !passes_at_once, "{said:?}");
            gate.let_go(&mut passed);
            assert_eq!(passed, said.as_bytes());
        }
    }
}
