//! Which packets does a filter mean?
//!
//! ```text
//! filter = all { "or" all }
//! all    = one { "and" one }
//! one    = "not" one | "(" filter ")" | test
//! test   = "connection" range | "exchange" range | "exchange" words | "packet" range
//!        | "port" range | "host" address | [ "protocol" ] name
//!        | field [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) number | "in" "{" set "}" ]
//! range  = number | number "-" [ number ]
//! set    = { number [ ".." number ] [ "," ] }
//! ```
//!
//! Who comes from Wireshark may write `&&`, `||` and `!`, put `==` between a name and its value, write `eq`, `ne`, `lt`,
//! `le`, `gt` and `ge`, and ask for the [fields](Field) of Wireshark that are known here, and for `ip.addr`, `ip.src` and
//! `ip.dst`.

use std::collections::HashSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use wirelab_report::PacketProtocol;

use super::row::Row;
use super::wireshark::{Field, Test};

/// What a packet must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Any packet.
    Any,
    Connection(RangeInclusive<u64>),
    /// By number: an index into the exchanges of the analysis.
    Exchange(RangeInclusive<u64>),
    /// By its kind ("update"), by which update it is ("update 2"), or by its label ("GET /time").
    ExchangeNamed(String),
    /// The exchanges that such words mean, once they are known.
    Exchanges(Named),
    Packet(RangeInclusive<u64>),
    Port(RangeInclusive<u64>),
    /// At either end, or at one.
    Host(IpAddr, Option<End>),
    /// What a field of Wireshark's is.
    Field(Field, Test),
    Protocol(PacketProtocol),
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
}

/// One end of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Source,
    Destination,
}

/// The exchanges that have a name, and the packets of others that hold something of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub exchanges: HashSet<usize>,
    pub packets: HashSet<u64>,
}

impl Filter {
    /// Both this and another.
    pub fn and(self, other: Filter) -> Filter {
        match self {
            Filter::Any => other,
            one => Filter::And(Box::new(one), Box::new(other)),
        }
    }

    /// The exchange of this number, or those that these words mean.
    pub fn exchange(text: &str) -> Filter {
        range(text).map_or_else(|_| Filter::ExchangeNamed(text.to_owned()), Filter::Exchange)
    }

    /// Whether it says exchanges in words, so that the whole capture must be read before it can be answered.
    pub fn needs_names(&self) -> bool {
        match self {
            Filter::ExchangeNamed(_) => true,
            Filter::Not(one) => one.needs_names(),
            Filter::And(one, other) | Filter::Or(one, other) => one.needs_names() || other.needs_names(),
            _ => false,
        }
    }

    /// The same with the exchanges that its words mean.
    pub fn with_names(self, exchanges: &impl Fn(&str) -> Named) -> Filter {
        let inner = |one: Box<Filter>| Box::new(one.with_names(exchanges));
        match self {
            Filter::ExchangeNamed(words) => Filter::Exchanges(exchanges(&words)),
            Filter::Not(one) => Filter::Not(inner(one)),
            Filter::And(one, other) => Filter::And(inner(one), inner(other)),
            Filter::Or(one, other) => Filter::Or(inner(one), inner(other)),
            same => same,
        }
    }

    /// Whether a packet is meant.
    pub fn matches(&self, row: &Row) -> bool {
        let exchange = || row.packet.as_ref().and_then(|packet| packet.exchange);
        match self {
            Filter::Any => true,
            Filter::Connection(wanted) => {
                row.packet.as_ref().is_some_and(|packet| wanted.contains(&u64::from(packet.connection)))
            }
            Filter::Exchange(wanted) => exchange().is_some_and(|exchange| wanted.contains(&(exchange as u64))),
            Filter::Exchanges(wanted) => {
                exchange().is_some_and(|exchange| wanted.exchanges.contains(&exchange))
                    || wanted.packets.contains(&row.number)
            }
            Filter::ExchangeNamed(_) => false,
            Filter::Packet(wanted) => wanted.contains(&row.number),
            Filter::Port(wanted) => row.ports().any(|port| wanted.contains(&u64::from(port))),
            Filter::Host(wanted, None) => row.hosts().any(|host| host == *wanted),
            Filter::Host(wanted, Some(End::Source)) => row.hosts().next() == Some(*wanted),
            Filter::Host(wanted, Some(End::Destination)) => row.hosts().nth(1) == Some(*wanted),
            Filter::Field(field, test) => field.passes(row, test),
            Filter::Protocol(wanted) => row.has_protocol(*wanted),
            Filter::Not(one) => !one.matches(row),
            Filter::And(one, other) => one.matches(row) && other.matches(row),
            Filter::Or(one, other) => one.matches(row) || other.matches(row),
        }
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Filter, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
        let filter = parser.filter()?;
        match parser.next() {
            None => Ok(filter),
            Some(token) => Err(format!("expected 'and' or 'or' before '{token}'")),
        }
    }
}

/// The protocol of a name.
pub fn protocol(name: &str) -> Result<PacketProtocol, String> {
    PacketProtocol::named(name).ok_or_else(|| {
        let names = PacketProtocol::ALL.map(PacketProtocol::filter_name).join(", ");
        format!("'{name}' is no protocol that wirelab names; those are {names}")
    })
}

/// A number, or two with a hyphen between; without the second one, up to the end.
fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let number = |text: &str| text.parse::<u64>();
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (number(first), if last.is_empty() { Ok(u64::MAX) } else { number(last) }) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        (Ok(_), Ok(_)) => Err(format!("a range from the smaller number to the larger one, not '{text}'")),
        _ => Err(format!("a number or a range such as 3-7, not '{text}'")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// A word of a filter; one in quotes is never an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    text: String,
    quoted: bool,
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Takes the next word if it is one of these.
    fn takes(&mut self, words: &[&str]) -> bool {
        let is_one = self
            .tokens
            .get(self.at)
            .is_some_and(|token| !token.quoted && words.iter().any(|word| token.text.eq_ignore_ascii_case(word)));
        self.at += usize::from(is_one);
        is_one
    }

    fn filter(&mut self) -> Result<Filter, String> {
        let mut filter = self.all()?;
        while self.takes(&["or", "||"]) {
            filter = Filter::Or(Box::new(filter), Box::new(self.all()?));
        }
        Ok(filter)
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut filter = self.one()?;
        while self.takes(&["and", "&&"]) {
            filter = filter.and(self.one()?);
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("at most {DEEPEST} parentheses within one another"));
        }
        let one = if self.takes(&["not", "!"]) {
            Filter::Not(Box::new(self.one()?))
        } else if self.takes(&["("]) {
            let filter = self.filter()?;
            if !self.takes(&[")"]) {
                return Err("a ')' is missing".to_owned());
            }
            filter
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(one)
    }

    fn test(&mut self) -> Result<Filter, String> {
        let Some(token) = self.next() else {
            return Err(format!("it ends where {TEST} is expected"));
        };
        let name = token.text.to_ascii_lowercase();
        if [")", "and", "or", "&&", "||", "==", "=", "eq"].contains(&name.as_str()) {
            return Err(format!("expected {TEST}, found '{name}'"));
        }
        let value = |parser: &mut Parser| {
            parser.takes(&["==", "=", "eq"]);
            let value = parser.next().map(|token| token.text);
            value.ok_or_else(|| format!("'{name}' needs a value, as in '{name} {}'", example(&name)))
        };
        let needs = |why: String| format!("'{name}' needs {why}");
        Ok(match name.as_str() {
            "connection" => Filter::Connection(range(&value(self)?).map_err(needs)?),
            "exchange" => Filter::exchange(&value(self)?),
            "packet" | "frame" => Filter::Packet(range(&value(self)?).map_err(needs)?),
            "port" => Filter::Port(range(&value(self)?).map_err(needs)?),
            "host" | "ip.addr" | "ipv6.addr" | "ip.src" | "ipv6.src" | "ip.dst" | "ipv6.dst" => {
                let value = value(self)?;
                let address = value.parse().map_err(|_| format!("'{name}' needs an IP address, not '{value}'"))?;
                let end = match name.rsplit('.').next() {
                    Some("src") => Some(End::Source),
                    Some("dst") => Some(End::Destination),
                    _ => None,
                };
                Filter::Host(address, end)
            }
            "protocol" => Filter::Protocol(protocol(&value(self)?)?),
            _ if let Some(field) = Field::named(&name) => Filter::Field(field, self.field_test(&name)?),
            // Wireshark's names have dots; none of a protocol here has.
            _ if name.contains('.') => {
                return Err(format!("'{token}' is a field that is not known here; those are {}", Field::list()));
            }
            _ => Filter::Protocol(protocol(&token.text).map_err(|_| format!("expected {TEST}, found '{token}'"))?),
        })
    }
}

impl Parser {
    /// What is asked of a field of Wireshark's: nothing but that it is there, or a comparison.
    fn field_test(&mut self, name: &str) -> Result<Test, String> {
        let operator = OPERATORS.iter().find(|(_, words)| self.takes(words)).map(|(operator, _)| *operator);
        let begins_value = |token: &Token| token.text.starts_with(|c: char| c.is_ascii_digit());
        let operator = match operator {
            None if self.takes(&["in"]) => return self.set(name).map(Test::Among),
            None if !self.tokens.get(self.at).is_some_and(begins_value) => return Ok(Test::IsThere),
            operator => operator.unwrap_or(Operator::Equal),
        };
        let Some(token) = self.next() else {
            return Err(format!("'{name}' needs a number after the comparison, as in '{name} == 3'"));
        };
        let needs = |why: String| format!("'{name}' needs {why}");
        if matches!(operator, Operator::Equal | Operator::Unequal) && token.text.contains('-') {
            let ranges = vec![range(&token.text).map_err(needs)?];
            return Ok(if operator == Operator::Equal { Test::Among(ranges) } else { Test::NotAmong(ranges) });
        }
        let value = number(&token.text).map_err(needs)?;
        Ok(match operator {
            Operator::Equal => Test::Among(vec![value..=value]),
            Operator::Unequal => Test::NotAmong(vec![value..=value]),
            Operator::Less => Test::Among(value.checked_sub(1).map(|last| 0..=last).into_iter().collect()),
            Operator::AtMost => Test::Among(vec![0..=value]),
            Operator::More => Test::Among(value.checked_add(1).map(|first| first..=u64::MAX).into_iter().collect()),
            Operator::AtLeast => Test::Among(vec![value..=u64::MAX]),
        })
    }

    /// The numbers of a set, as in `{8, 9, 12..20}`.
    fn set(&mut self, name: &str) -> Result<Vec<RangeInclusive<u64>>, String> {
        let wrong = |found: &str| {
            format!("'{name} in' needs numbers in braces, as in '{name} in {{8, 9, 12..20}}', not {found}")
        };
        if !self.takes(&["{"]) {
            return Err(wrong("what stands there"));
        }
        let mut ranges = Vec::new();
        loop {
            if self.takes(&["}"]) {
                return if ranges.is_empty() { Err(wrong("nothing")) } else { Ok(ranges) };
            }
            if !ranges.is_empty() {
                self.takes(&[","]);
            }
            let Some(token) = self.next() else { return Err(wrong("an open end")) };
            let (first, last) = token.text.split_once("..").unwrap_or((&token.text, &token.text));
            match (number(first), number(last)) {
                (Ok(first), Ok(last)) if first <= last => ranges.push(first..=last),
                _ => return Err(wrong(&format!("'{token}'"))),
            }
        }
    }
}

/// How a field is compared with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// In signs and in Wireshark's words.
const OPERATORS: [(Operator, &[&str]); 6] = [
    (Operator::Equal, &["==", "=", "eq"]),
    (Operator::Unequal, &["!=", "ne"]),
    (Operator::Less, &["<", "lt"]),
    (Operator::AtMost, &["<=", "le"]),
    (Operator::More, &[">", "gt"]),
    (Operator::AtLeast, &[">=", "ge"]),
];

/// A number as Wireshark takes it: in decimal, in hexadecimal, or true or false.
fn number(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let number = match lower.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None if lower == "true" => Some(1),
        None if lower == "false" => Some(0),
        None => lower.parse().ok(),
    };
    number.ok_or_else(|| format!("a number, not '{text}'"))
}

fn example(name: &str) -> &'static str {
    match name {
        "host" | "ip.addr" | "ip.src" | "ip.dst" => "10.0.0.1",
        "ipv6.addr" | "ipv6.src" | "ipv6.dst" => "fd00::1",
        "port" => "8000",
        "protocol" => "http",
        "exchange" => "\"GET /time\"",
        _ => "3",
    }
}

/// Words, parentheses, operators, and text in quotes.
fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, quoted, used) = match first {
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.find(first).ok_or_else(|| format!("a closing {first} is missing after {rest}"))?;
                (inner.get(..end).unwrap_or_default(), true, end + 2)
            }
            '(' | ')' | '{' | '}' | ',' => (rest.get(..1).unwrap_or_default(), false, 1),
            '!' if !rest.starts_with("!=") => (rest.get(..1).unwrap_or_default(), false, 1),
            '&' | '|' | '=' | '!' | '<' | '>' => {
                let end = rest.find(|c| !"&|=!<>".contains(c)).unwrap_or(rest.len());
                (rest.get(..end).unwrap_or_default(), false, end)
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || "(){},&|=!<>\"".contains(c)).unwrap_or(rest.len());
                (rest.get(..end).unwrap_or_default(), false, end)
            }
        };
        if !quoted && ["&", "|", "==="].contains(&token) {
            return Err(format!("'{token}' is not known here: write 'and', 'or' or '=='"));
        }
        tokens.push(Token { text: token.to_owned(), quoted });
        rest = rest.get(used..).unwrap_or_default().trim_start();
    }
    if tokens.is_empty() {
        return Err(format!("it is empty; write {TEST}"));
    }
    Ok(tokens)
}

const TEST: &str = "a protocol's name, 'connection', 'exchange', 'packet', 'port' or 'host' with a value, or a field such as tcp.len > 0";

const DEEPEST: usize = 100;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use wirelab_analyze::model::Protocol;
    use wirelab_dissect::tcp::Flags;

    use super::*;

    fn parse(text: &str) -> Result<Filter, String> {
        text.parse()
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_tighter_than_both() {
        let (http, tls) = (
            Filter::Protocol(PacketProtocol::Spoken(Protocol::Http)),
            Filter::Protocol(PacketProtocol::Spoken(Protocol::Tls)),
        );
        let port = Filter::Port(8000..=8000);
        let expected = Filter::Or(
            Box::new(http.clone()),
            Box::new(Filter::And(Box::new(Filter::Not(Box::new(tls.clone()))), Box::new(port.clone()))),
        );
        assert_eq!(parse("http or not tls and port 8000").unwrap(), expected);
        assert_eq!(parse("HTTP || !tls && port==8000").unwrap(), expected);
        let grouped = Filter::And(Box::new(Filter::Or(Box::new(http), Box::new(tls))), Box::new(port));
        assert_eq!(parse("(http or protocol TLS) and port = 8000").unwrap(), grouped);
    }

    #[test]
    fn tests_with_values() {
        for (text, filter) in [
            ("connection 3", Filter::Connection(3..=3)),
            ("tcp.stream eq 3", Filter::Field(Field::TcpStream, Test::Among(vec![3..=3]))),
            ("tcp.stream 3-7", Filter::Field(Field::TcpStream, Test::Among(vec![3..=7]))),
            ("TCP.len>0", Filter::Field(Field::TcpLen, Test::Among(vec![1..=u64::MAX]))),
            ("tcp.len lt 5", Filter::Field(Field::TcpLen, Test::Among(vec![0..=4]))),
            ("tcp.len < 0", Filter::Field(Field::TcpLen, Test::Among(vec![]))),
            ("tcp.len != 3", Filter::Field(Field::TcpLen, Test::NotAmong(vec![3..=3]))),
            ("tcp.flags == 0x010", Filter::Field(Field::TcpFlags, Test::Among(vec![16..=16]))),
            ("tcp.flags.syn == True", Filter::Field(Field::TcpFlag(Flags::SYN), Test::Among(vec![1..=1]))),
            ("http.request", Filter::Field(Field::HttpRequest, Test::IsThere)),
            (
                "frame.number in {8, 9,10 12..14}",
                Filter::Field(Field::FrameNumber, Test::Among(vec![8..=8, 9..=9, 10..=10, 12..=14])),
            ),
            ("ip.src == 10.0.0.1", Filter::Host("10.0.0.1".parse().unwrap(), Some(End::Source))),
            ("packet 3-7", Filter::Packet(3..=7)),
            ("packet 3-", Filter::Packet(3..=u64::MAX)),
            ("exchange 4", Filter::Exchange(4..=4)),
            ("exchange update", Filter::ExchangeNamed("update".into())),
            ("exchange 'update 2'", Filter::ExchangeNamed("update 2".into())),
            ("exchange \"GET /a(b)\"", Filter::ExchangeNamed("GET /a(b)".into())),
            ("host fd00::1", Filter::Host("fd00::1".parse().unwrap(), None)),
            ("HTTP/2", Filter::Protocol(PacketProtocol::Spoken(Protocol::Http2))),
        ] {
            assert_eq!(parse(text).unwrap(), filter, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said: Vec<String> = [
            "",
            "htpp",
            "port",
            "port http",
            "packet 7-3",
            "host nowhere",
            "http tls",
            "(http",
            "http)",
            "http and",
            "and http",
            "port != 80",
            "tcp.len > much",
            "tcp.len >",
            "frame.number in {}",
            "frame.number in {9..3}",
            "frame.number in {3",
            "frame.number in 3",
            "http.cookie",
            "a & b",
            "exchange 'update",
            "protocol smoke",
        ]
        .iter()
        .map(|text| format!("{text} -> {}", parse(text).unwrap_err()))
        .collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"not ".repeat(100_000)).is_err());
    }
}
