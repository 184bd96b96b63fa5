//! The page holds together: links, sums, escapes.

use std::collections::HashSet;

use wirelab_analyze::model::{Problem, ProblemLayer, ProblemPlace};

use crate::forms;
use crate::sample::{Era, Film, five, report, run, web};
use crate::{Report, Templates};

fn page(report: &Report) -> String {
    forms::page(report, &Templates::embedded().unwrap()).unwrap()
}

/// The values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn assert_whole(page: &str) {
    let ids = values(page, "id");
    let set: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(set.len(), ids.len(), "an id occurs twice");
    let mut links = 0;
    for href in values(page, "href") {
        if let Some(id) = href.strip_prefix('#') {
            assert!(set.contains(id), "#{id} leads nowhere");
            links += 1;
        }
    }
    assert!(links > 50);
}

#[test]
fn every_link_leads_somewhere_and_the_page_is_small() {
    for era in [Era::Then, Era::Now] {
        let page = page(&report(five(era), Some(run())));
        assert_whole(&page);
        assert!(page.len() < 1_000_000, "{} bytes", page.len());
    }
}

#[test]
fn the_page_asks_for_nothing() {
    let page = page(&report(five(Era::Now), Some(run())));
    for attribute in ["src", "action", "data", "srcset", "poster"] {
        assert_eq!(values(&page, attribute), [""; 0]);
    }
    assert!(page.contains("default-src &#39;none&#39;"));
    assert!(!page.contains(" style=\""), "an inline style would need a weaker policy");
    assert!(!page.contains("@import") && !page.contains("url(http"));
}

#[test]
fn the_policy_names_the_style_and_the_script_that_are_there() {
    use base64::Engine;
    use sha2::Digest;
    let page = page(&report(five(Era::Now), None));
    for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
        let open = format!("<{tag}>");
        let text = page.split(open.as_str()).nth(1).unwrap().split(&format!("</{tag}>")).next().unwrap();
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes()));
        assert!(
            page.contains(&format!("{directive} &#39;sha256-{hash}&#39;"))
                || page.contains(&format!("{directive} 'sha256-{hash}'"))
        );
    }
}

/// What a capture says is shown, never run: in payloads, in names, in addresses.
#[test]
fn a_hostile_capture_is_text() {
    let attack = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>{{ 7*7 }}</style>";
    let request = format!("GET /{attack} HTTP/1.1\r\nHost: {attack}\r\n\r\n");
    let answer = format!("HTTP/1.1 200 {attack}\r\nContent-Length: {}\r\n\r\n{attack}", attack.len());
    let mut film = Film::new().connect();
    for _ in 0..3 {
        film = film.client(0, request.as_bytes()).server(0, answer.as_bytes()).client_ack(0).wait(1000);
    }
    let (mut capture, bytes) = film.close(0).develop("hostile");
    capture.name = format!("x{attack}");
    capture.file = Some(format!("{attack}.pcap"));
    let place = ProblemPlace::Frame { frame: 1, offset: 2, layer: ProblemLayer::Http };
    capture.problems.push(Problem { place, message: attack.to_owned() });
    let page = page(&report(vec![(capture, bytes)], None));
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert_eq!(page.matches("</style").count(), 1);
    assert_eq!(page.matches("<img").count(), 0);
    assert!(!page.contains("<svg onload"));
    assert!(page.contains("&lt;script&gt;alert(1)"), "the payload is shown");
    assert!(page.contains("{{ 7*7 }}"), "and not read as a template");
    assert_whole(&page);
}

/// Nothing is said of somebody else's capture but what its packets show: not of the lab, and not of 2021.
#[test]
fn a_stranger_hears_nothing_of_the_lab() {
    let phrases = ["of 2021", "in 2021", "this lab", "Firefox 89", "Beside 2021"];
    let said = |own: bool| -> Vec<&str> {
        let mut film = Film::new().connect();
        for index in 0..4 {
            let length = if own { 20 } else { 21 };
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
            let body = format!("{{\"time\":\"09:31:{index:02}\"}}\n");
            let body = if own { body } else { format!(" {body}") };
            film = film.wait(1000).client(0, b"GET /time HTTP/1.1\r\nHost: a\r\n\r\n");
            // An ACK of its own in the first, of which there is something to say.
            film = if index == 0 { film.server_ack(0) } else { film };
            film = film.server(0, head.as_bytes()).client_ack(0).server(0, body.as_bytes()).client_ack(0);
        }
        let (capture, bytes) = film.close(0).develop("capture");
        assert_eq!(capture.app.is_some(), own);
        let page = page(&report(vec![(capture, bytes)], None));
        assert!(page.contains("quick-ACK phase"), "the first has an ACK more");
        phrases.into_iter().filter(|phrase| page.contains(phrase)).collect()
    };
    assert_eq!(said(false), [""; 0]);
    assert!(said(true).len() >= 3, "{:?}", said(true));
}

#[test]
fn a_large_capture_is_windowed() {
    let (capture, bytes) = web(Era::Now, 3_330).develop("webapp");
    assert!(capture.totals.total_packets > 9_900);
    let page = page(&report(vec![(capture, bytes)], None));
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    assert!(page.contains("are shown one by one"));
    assert_whole(&page);
}

/// Many captures share what the page has room for.
#[test]
fn the_page_of_many_captures_is_bounded() {
    let capture = web(Era::Now, 20).develop("webapp");
    let [ten, sixty] = [10, 60].map(|count| page(&report(vec![capture.clone(); count], None)));
    assert_whole(&sixty);
    assert!(sixty.len() < 3 * ten.len(), "{} bytes for ten captures, {} for sixty", ten.len(), sixty.len());
}

#[test]
fn no_capture_and_no_packets_still_make_a_page() {
    let empty = page(&report(vec![], None));
    assert!(empty.contains("No capture"));
    let (capture, _) = web(Era::Now, 3).develop_with("webapp", 0);
    let page = page(&report(vec![(capture, crate::CaptureBytes::new(0, 0))], None));
    assert!(page.contains("A full page costs five packets in 2021, three now"));
}
