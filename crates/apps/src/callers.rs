//! Who may ask this server, and by which name?
//!
//! A browser runs the scripts of any page, and lets them connect to this machine. Two checks keep pages of other people
//! from the server of a person who has such a page open:
//!
//! - the host that the request names. By DNS rebinding `http://evil.example:8000/` can come to mean 127.0.0.1 in the
//!   middle of a visit; then the page's scripts are of the same origin as the server and may read everything. What comes
//!   over the loopback interface must therefore name this machine, or a host that was allowed;
//! - the page that opens a WebSocket. The same-origin policy does not cover WebSockets, a browser only says in `Origin`
//!   which page asks (RFC 6455, section 10.2). It must be a page of this server, or of a host that was allowed. Programs
//!   that are no browsers send no `Origin`.

use std::fmt;
use std::str::FromStr;

use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use serde::{Deserialize, Serialize};

use crate::authority::Authority;

/// A host that requests may name although they came over the loopback interface, and whose pages may open WebSockets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AllowedHost {
    /// Any host, and any page: no check at all.
    Any,
    /// One host.
    Named {
        /// Its name or address.
        host: String,
        /// Its port; none means any.
        port: Option<u16>,
    },
}

impl AllowedHost {
    fn is(&self, authority: &Authority<'_>, default: Option<u16>) -> bool {
        match self {
            AllowedHost::Any => true,
            AllowedHost::Named { host, port } => {
                host.eq_ignore_ascii_case(authority.host) && (port.is_none() || *port == authority.port.or(default))
            }
        }
    }
}

impl FromStr for AllowedHost {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<AllowedHost, NotAHost> {
        match Authority::parse(text) {
            _ if text == "*" => Ok(AllowedHost::Any),
            Some(Authority { host, port }) if !host.is_empty() => {
                Ok(AllowedHost::Named { host: host.to_owned(), port })
            }
            _ => Err(NotAHost),
        }
    }
}

/// What was given is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAHost;

impl fmt::Display for NotAHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a host with or without a port (lab.example, lab.example:8000, [::1]:8000), or * for any")
    }
}

impl std::error::Error for NotAHost {}

/// Why a request is not answered, whatever it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It names no host that this is.
    Host(WrongHost),
    /// A page of another host sends it.
    Page,
}

impl Refused {
    /// The status that says so.
    pub fn status(self) -> StatusCode {
        match self {
            Refused::Host(wrong) => wrong.status(),
            Refused::Page => StatusCode::FORBIDDEN,
        }
    }

    /// The sentence that says so, with its line end.
    pub fn why(self) -> &'static str {
        match self {
            Refused::Host(wrong) => wrong.why(),
            Refused::Page => FOREIGN_PAGE,
        }
    }
}

/// Whether a request may be answered, or carried on to a server that trusts whoever reaches it: it names this machine or a
/// host that was allowed, and no page of anybody else makes a browser send it.
///
/// Browsers name the page in `Origin`, but for plain GETs of pictures and scripts; then `Sec-Fetch-Site` says whether it is a
/// page of another site (W3C Fetch Metadata). A link that a person follows may be anywhere.
///
/// # Errors
/// It may not.
pub fn may_ask(request: &Parts, over_loopback: bool, allowed: &[AllowedHost]) -> Result<(), Refused> {
    check_host(request.version, &request.uri, &request.headers, over_loopback, allowed).map_err(Refused::Host)?;
    let says = |name: &str, value: &str| request.headers.get(name).is_some_and(|field| field == value);
    let is_allowed = match request.headers.get("origin") {
        Some(_) => is_of_own_page(request, allowed) || (over_loopback && is_of_this_machine(request)),
        None if says("sec-fetch-site", "cross-site") => {
            allowed.contains(&AllowedHost::Any)
                || (request.method == Method::GET
                    && says("sec-fetch-mode", "navigate")
                    && says("sec-fetch-dest", "document"))
        }
        None => true,
    };
    if is_allowed { Ok(()) } else { Err(Refused::Page) }
}

/// Whether the page that asks came from a server of this machine: a person's own, at another port.
fn is_of_this_machine(request: &Parts) -> bool {
    let mut origins = request.headers.get_all("origin").iter();
    let (origin, others) = (origins.next(), origins.next());
    let page = origin.and_then(|origin| Authority::parse(origin.to_str().ok()?.split_once("://")?.1));
    others.is_none() && page.is_some_and(|page| page.is_loopback())
}

/// What is wrong with the host that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongHost {
    /// None, though HTTP/1.1 asks for one.
    Missing,
    /// More than one.
    Repeated,
    /// No host and port.
    Malformed,
    /// Another server's.
    Foreign,
}

impl WrongHost {
    /// The status that says so.
    pub fn status(self) -> StatusCode {
        match self {
            WrongHost::Missing | WrongHost::Repeated | WrongHost::Malformed => StatusCode::BAD_REQUEST,
            WrongHost::Foreign => StatusCode::MISDIRECTED_REQUEST,
        }
    }

    /// The sentence that says so, with its line end.
    pub fn why(self) -> &'static str {
        match self {
            WrongHost::Missing => "A request of HTTP/1.1 has a Host; this one has none.\n",
            WrongHost::Repeated => "A request has one Host; this one has more.\n",
            WrongHost::Malformed => "The Host is no host with or without a port.\n",
            WrongHost::Foreign => FOREIGN_HOST,
        }
    }
}

/// Looks at the host that a request names (RFC 9112, section 3.2). `over_loopback`: whether it came from this machine.
pub(crate) fn check_host(
    version: Version,
    target: &Uri,
    headers: &HeaderMap,
    over_loopback: bool,
    allowed: &[AllowedHost],
) -> Result<(), WrongHost> {
    let mut fields = headers.get_all(HOST).iter();
    let named = match (fields.next(), fields.next()) {
        (_, Some(_)) => return Err(WrongHost::Repeated),
        (Some(field), None) => authority(field).ok_or(WrongHost::Malformed)?,
        // HTTP/1.0 had no such field.
        (None, None) if version >= Version::HTTP_11 => return Err(WrongHost::Missing),
        (None, None) => NOBODY,
    };
    // A target that names a host is the one that counts.
    let named = match target.authority() {
        Some(target) => Authority::parse(target.as_str()).ok_or(WrongHost::Malformed)?,
        None => named,
    };
    // Without a name it is the server that was reached; no browser asks like that.
    let is_ours = !over_loopback || named.host.is_empty() || named.is_loopback();
    match is_ours || allowed.iter().any(|host| host.is(&named, Some(80))) {
        true => Ok(()),
        false => Err(WrongHost::Foreign),
    }
}

/// Whether the page that asks, if it is a page that asks, is one of this server or of a host that was allowed: the one that `Origin` names (RFC 6454,
/// section 7; WHATWG URL, section 4.7).
pub fn is_of_own_page(request: &Parts, allowed: &[AllowedHost]) -> bool {
    let mut origins = request.headers.get_all("origin").iter();
    let (origin, others) = (origins.next(), origins.next());
    let Some(origin) = origin else { return true };
    if allowed.contains(&AllowedHost::Any) {
        return true;
    }
    // "null" is a page without an origin: a file, or a frame in a sandbox.
    let page = origin.to_str().ok().and_then(|origin| {
        let (scheme, page) = origin.split_once("://")?;
        let default = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        Some((Authority::parse(page)?, default))
    });
    let Some((page, default)) = page.filter(|_| others.is_none()) else { return false };
    let own = match request.uri.authority() {
        Some(target) => Authority::parse(target.as_str()),
        None => request.headers.get(HOST).and_then(authority),
    };
    own.is_some_and(|own| own.is_same(&page, default)) || allowed.iter().any(|host| host.is(&page, Some(default)))
}

fn authority(field: &HeaderValue) -> Option<Authority<'_>> {
    Authority::parse(field.to_str().ok()?)
}

const NOBODY: Authority<'static> = Authority { host: "", port: None };
const FOREIGN_HOST: &str = "The Host names another server. From this machine this one is asked as localhost, 127.0.0.1 \
    or [::1]; --allow-host HOST allows HOST too.\n";
const FOREIGN_PAGE: &str = "A page of another server makes the browser send this, and only pages of this machine may. \
    --allow-host HOST allows those of HOST too.\n";
