//! What does a browser show?
//!
//! The pages come from `templates/apps/`, which are part of the binary. They share one layout and differ in how the
//! time is renewed. Each is rendered once, when the server starts; a request then only writes the time between the
//! two halves. The time has always 8 characters, so a page has always the same length.

use std::io;

use tera::{Context, Tera};
use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::{Pages, ServerOptions};

/// A rendered page with a gap for the time.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    before: String,
    after: String,
}

impl Page {
    /// Renders the page of `app`, which must have one.
    pub(crate) fn render(app: App, options: &ServerOptions) -> io::Result<Page> {
        let Some(template) = app.descriptor().page else {
            return Err(io::Error::other(format!("the app {app} has no page")));
        };
        let mut tera = Tera::default();
        tera.add_raw_templates([(LAYOUT, include_str!("../../../templates/apps/page.html")), (app.name(), template)])
            .map_err(io::Error::other)?;
        let mut context = Context::new();
        context.insert("time", GAP);
        context.insert("poll_every_ms", &(options.poll_every.as_millis() as u64));
        let html = tera.render(app.name(), &context).map_err(io::Error::other)?;
        let html = html.trim_end();
        let Some((before, after)) = html.split_once(GAP) else {
            return Err(io::Error::other(format!("the page of the app {app} shows no time")));
        };
        let mut page = Page { before: before.to_owned(), after: format!("{after}\n") };
        if options.pages == Pages::Lengths2021
            && let Some(length) = length_2021(app)
        {
            page.fill_up_to(length)?;
        }
        Ok(page)
    }

    /// The page as it is now.
    pub(crate) fn now(&self, clock: &Clock) -> String {
        self.with(&clock.time_of_day())
    }

    /// The page with this time in it.
    pub(crate) fn with(&self, time: &str) -> String {
        [self.before.as_str(), time, self.after.as_str()].concat()
    }

    fn len(&self) -> usize {
        self.before.len() + GAP.len() + self.after.len()
    }

    /// Makes the page longer with a comment that says so, or with spaces where there is no room for one.
    fn fill_up_to(&mut self, length: usize) -> io::Result<()> {
        let Some(missing) = length.checked_sub(self.len()) else {
            let problem = format!("the page has {} bytes, more than the {length} of 2021", self.len());
            return Err(io::Error::other(problem));
        };
        let (open, close) = ("<!-- filler: ", " -->\n");
        match missing.checked_sub(open.len() + close.len()) {
            Some(dots) => self.after.extend([open, &".".repeat(dots), close]),
            None => self.after.push_str(&" ".repeat(missing)),
        }
        Ok(())
    }
}

/// The length of the page of 2021, where there was one.
fn length_2021(app: App) -> Option<usize> {
    app.descriptor().published?.page_length
}

/// Stands for the time while a page is rendered; as long as a time.
const GAP: &str = "HH:MM:SS";

/// What the pages' templates extend.
const LAYOUT: &str = "page.html";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn with_a_page() -> impl Iterator<Item = App> {
        App::ALL.into_iter().filter(|app| app.descriptor().page.is_some())
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_has_always_the_same_length() {
        let clock = Clock::starting_at("2021-06-06T23:59:55Z".parse().unwrap());
        for app in with_a_page() {
            let own = Page::render(app, &ServerOptions::default()).unwrap();
            let replay = ServerOptions { pages: Pages::Lengths2021, ..ServerOptions::default() };
            let replay = Page::render(app, &replay).unwrap();
            let length = length_2021(app).unwrap_or(own.len());
            assert!(own.len() <= length, "{app}: {} bytes", own.len());
            for _ in 0..10 {
                assert_eq!(own.now(&clock).len(), own.len());
                assert_eq!(replay.now(&clock).len(), length);
                assert!(replay.now(&clock).starts_with(own.now(&clock).trim_end()), "only the end is filled up");
                tokio::time::advance(Duration::from_secs(1)).await;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_asks_for_nothing_but_the_time() {
        let clock = Clock::starting_at("2021-06-06T09:36:17Z".parse().unwrap());
        for app in with_a_page() {
            let html = Page::render(app, &ServerOptions::default()).unwrap().now(&clock);
            let path = app.path();
            // Whatever makes a browser fetch: attributes, style sheets, calls.
            for (asks, allowed) in [
                ("href=", "href=data:,>".to_owned()),
                ("src=", format!("src={path} ")),
                ("url(", String::new()),
                ("@import", String::new()),
                ("import(", String::new()),
                ("fetch(", format!("fetch('{path}'")),
                ("open(", format!("open('GET', '{path}")),
                ("EventSource(", format!("EventSource('{path}')")),
                ("WebSocket(", format!("WebSocket('ws://' + location.host + '{path}')")),
                ("http", String::new()),
            ] {
                for (at, _) in html.match_indices(asks) {
                    let rest = &html[at..];
                    let is_allowed = !allowed.is_empty() && rest.starts_with(&allowed);
                    assert!(is_allowed, "{app} asks for more: {rest}");
                }
            }
            assert!(html.contains("<link rel=icon href=data:,>"), "else the browser asks for /favicon.ico");
        }
    }

    #[test]
    fn fills_up_to_any_length() {
        let page = Page { before: "<p>".to_owned(), after: "\n".to_owned() };
        for length in page.len()..100 {
            let mut page = page.clone();
            page.fill_up_to(length).unwrap();
            assert_eq!(page.len(), length);
        }
        assert!(page.clone().fill_up_to(page.len() - 1).is_err());
    }
}
