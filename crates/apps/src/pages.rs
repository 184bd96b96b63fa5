//! What does a browser show?
//!
//! The pages come from `templates/apps/`, which are part of the binary. They share one layout and differ in how the
//! time is renewed. Each is rendered once, when the server starts; a request then only writes the time between the
//! two halves. The time has always 8 characters, so a page has always the same length.

use std::io;
use std::time::Duration;

use tera::{Context, Tera};
use wirelab_clock::Clock;

use crate::{Options, Pages};

/// A rendered page with a gap for the time.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    before: String,
    after: String,
}

/// Whose page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum App {
    Web,
    Ajax,
    Sse,
    Ws,
}

impl App {
    fn template(self) -> &'static str {
        match self {
            App::Web => "web.html",
            App::Ajax => "ajax.html",
            App::Sse => "sse.html",
            App::Ws => "ws.html",
        }
    }

    /// The length of the original's page.
    fn length_2021(self) -> usize {
        match self {
            App::Web => 435,
            App::Ajax => 807,
            App::Sse => 569,
            App::Ws => 719,
        }
    }
}

impl Page {
    /// Renders the page of `app`.
    pub(crate) fn render(app: App, options: &Options) -> io::Result<Page> {
        let mut tera = Tera::default();
        tera.add_raw_templates(TEMPLATES.to_vec()).map_err(io::Error::other)?;
        let mut context = Context::new();
        context.insert("time", GAP);
        context.insert("interval", &in_words(options.interval));
        let html = tera.render(app.template(), &context).map_err(io::Error::other)?;
        let html = html.trim_end();
        let Some((before, after)) = html.split_once(GAP) else {
            return Err(io::Error::other(format!("template {} shows no time", app.template())));
        };
        let mut page = Page { before: before.to_owned(), after: format!("{after}\n") };
        if options.pages == Pages::Lengths2021 {
            page.fill_up_to(app.length_2021())?;
        }
        Ok(page)
    }

    /// The page as it is now.
    pub(crate) fn now(&self, clock: &Clock) -> String {
        let time = clock.time_of_day();
        [self.before.as_str(), time.as_str(), self.after.as_str()].concat()
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

/// `1 s`, `90 s`, `0.25 s`.
fn in_words(interval: Duration) -> String {
    format!("{} s", interval.as_secs_f64())
}

/// Stands for the time while a page is rendered; as long as a time.
const GAP: &str = "HH:MM:SS";

const TEMPLATES: [(&str, &str); 5] = [
    ("page.html", include_str!("../../../templates/apps/page.html")),
    ("web.html", include_str!("../../../templates/apps/web.html")),
    ("ajax.html", include_str!("../../../templates/apps/ajax.html")),
    ("sse.html", include_str!("../../../templates/apps/sse.html")),
    ("ws.html", include_str!("../../../templates/apps/ws.html")),
];
