//! Whom does a request or a page name: which host, which port (RFC 3986, section 3.2; RFC 9110, section 7.2)?

use std::net::{IpAddr, Ipv6Addr};

/// A host and maybe a port, as they stand in a `Host` field, a request target or an `Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    /// Without the brackets of an IPv6 address; may be empty.
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `uri-host [ ":" port ]`.
    pub(crate) fn parse(text: &'a str) -> Option<Authority<'a>> {
        let (host, rest) = match text.strip_prefix('[') {
            Some(literal) => {
                let (address, rest) = literal.split_once(']')?;
                address.parse::<Ipv6Addr>().ok()?;
                (address, rest)
            }
            None => {
                let (host, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
                host.bytes().all(may_be_in_a_name).then_some((host, rest))?
            }
        };
        let port = match rest.strip_prefix(':') {
            None => rest.is_empty().then_some(None)?,
            // The grammar allows a colon without a port.
            Some("") => None,
            Some(digits) => Some(digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?.parse().ok()?),
        };
        Some(Authority { host, port })
    }

    /// Whether every machine takes this name for itself (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3).
    pub(crate) fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => {
                let name = self.host.to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost")
            }
        }
    }

    /// Whether both name the same host and port, where one that is left out is `default`.
    pub(crate) fn is_same(&self, other: &Authority<'_>, default: u16) -> bool {
        self.host.eq_ignore_ascii_case(other.host) && self.port.unwrap_or(default) == other.port.unwrap_or(default)
    }
}

/// `unreserved`, `pct-encoded` and `sub-delims` of RFC 3986.
fn may_be_in_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_grammar_allows_and_nothing_else() {
        for (text, expected) in [
            ("localhost", Some(("localhost", None))),
            ("localhost:8000", Some(("localhost", Some(8000)))),
            ("127.0.0.1:", Some(("127.0.0.1", None))),
            ("[::1]", Some(("::1", None))),
            ("[::1]:8000", Some(("::1", Some(8000)))),
            ("", Some(("", None))),
            (":80", Some(("", Some(80)))),
            ("a_b.example:65535", Some(("a_b.example", Some(65535)))),
            ("localhost:65536", None),
            ("localhost:+80", None),
            ("localhost:80:80", None),
            ("::1", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[localhost]", None),
            ("user@localhost", None),
            ("local host", None),
            ("localhost/", None),
            ("localhost, localhost", None),
        ] {
            let expected = expected.map(|(host, port)| Authority { host, port });
            assert_eq!(Authority::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn knows_the_names_of_this_machine() {
        for name in ["localhost", "LocalHost", "lab.localhost", "127.0.0.1", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]"]
        {
            assert!(Authority::parse(name).unwrap().is_loopback(), "{name}");
        }
        for name in ["", "localhost.example", "notlocalhost", "10.0.0.1", "0.0.0.0", "127.0.0.1.example", "[::2]"] {
            assert!(!Authority::parse(name).unwrap().is_loopback(), "{name}");
        }
    }

    #[test]
    fn a_port_that_is_left_out_is_the_default() {
        let same = |one, other| Authority::parse(one).unwrap().is_same(&Authority::parse(other).unwrap(), 80);
        assert!(same("lab.example", "LAB.example:80") && same("lab.example:8000", "lab.example:8000"));
        assert!(!same("lab.example", "lab.example:8000") && !same("lab.example", "example"));
    }
}
