//! Is the time of an exchange what the virtual wire knows to be true? It has the round trip, and the list of all frames that
//! it dropped, doubled or held; and the apps answer at once, but for the first event of a stream.

use serde_json::Value;

use super::cases::list;

/// What a run's captures must keep to.
pub struct Wire<'a> {
    pub app: &'a str,
    pub rtt_ms: f64,
    /// The capture's entry in run.json.
    pub run: &'a Value,
}

/// What is not so.
pub fn complaints(wire: &Wire<'_>, json: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let impaired = wire.run["impaired_frames"].as_array().expect("a list");
    for exchange in json["exchanges"].as_array().expect("exchanges").iter().filter(|one| !one["time"].is_null()) {
        let ms = |part: &str| exchange["time"][part].as_f64().expect("seconds") * 1e3;
        let name = || format!("{} {} of packets {:?}", exchange["kind"], exchange["label"], list(&exchange["packets"]));
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{}: {what}: {}", name(), exchange["time"]));
            }
        };
        let is_push = wire.app == "sse" && exchange["kind"] == "update" || exchange["kind"] == "greeting";
        let waits_for_event = wire.app == "sse" && exchange["kind"] == "subscribe";
        // Half of the way of a push, and the handshake's and a request's there and back.
        let network = if is_push { wire.rtt_ms / 2.0 } else { wire.rtt_ms };
        if impaired.is_empty() {
            expect((ms("network_s") - network).abs() < 1.0, "the way is the round trip");
            for part in ["recovery_s", "window_s", "client_s"] {
                expect(ms(part) < 1.0, part);
            }
            expect(waits_for_event || ms("server_s") < 1.0, "the server answers at once");
        } else {
            // What no app does, a frame of the list has done: it was on its way during the exchange. (Not asked of the way and
            // of the sender, which are told from ACKs that may have been held or come in another order.)
            let from = exchange["start_s"].as_f64().expect("seconds") - wire.rtt_ms / 500.0 - 0.1;
            let to = from + exchange["duration_s"].as_f64().expect("seconds") + wire.rtt_ms / 250.0 + 0.2;
            let was_impaired = impaired.iter().any(|frame| {
                let sent_s = frame["sent_s"].as_f64().expect("seconds");
                let arrived_s = frame["arrived_s"].as_f64().unwrap_or(sent_s);
                arrived_s >= from && sent_s <= to
            });
            for part in ["recovery_s", "window_s", "client_s"] {
                expect(ms(part) < 1.0 || was_impaired, part);
            }
            expect(waits_for_event || ms("server_s") < 1.0 || was_impaired, "the server answers at once");
        }
    }
    // A server that answers at once is slow only where a frame was lost, which the packets do not show.
    for finding in json["findings"].as_array().expect("findings") {
        let is_slow = finding["id"] == "slow-server" || finding["id"] == "slow-sender";
        let exchanges = list(&finding["exchanges"]);
        let is_true = |at: &u64| wire.app == "sse" && json["exchanges"][*at as usize]["kind"] == "subscribe";
        if is_slow && !exchanges.iter().all(is_true) && finding["sure"] == "seen" {
            wrong.push(format!("{}: {}: no server of the lab is slow", finding["id"], finding["text"]));
        }
    }
    wrong
}
