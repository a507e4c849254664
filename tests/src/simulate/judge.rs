//! What must be true of a run, whatever its plan and its network were.

use super::Report;
use super::content::Received;
use super::notes::{Notes, Outcome};
use super::plan::{Content, Ending, Plan, Request, Speech};
use super::stage::Stage;
use super::talk;
use std::sync::atomic::Ordering::Relaxed;

impl Stage {
    /// A handler has read the content of its request, and took it for whole.
    pub fn judge_content(&self, index: usize, length: usize, trailers: bool) {
        judge_whole(&self.notes, &format!("request {index}"), &self.plan.requests[index].content, length, trailers);
    }

    /// What must be true when every request has come to its end.
    pub fn judge(&self) -> Report {
        let Stage { plan, notes, .. } = self;
        let mut report = Report::default();
        let outcomes = notes.outcomes.lock().unwrap();
        for (index, planned) in plan.requests.iter().enumerate() {
            let executed = notes.executed[index].load(Relaxed);
            let most = if planned.is_idempotent() { 2 } else { 1 };
            notes.check(executed <= most, || format!("{index} was executed {executed} times"));
            let outcome = outcomes[index].as_ref();
            notes.check(outcome.is_some(), || format!("{index} hangs"));
            let whole = outcome.is_some_and(|outcome| judge_outcome(plan, notes, index, planned, outcome));
            notes.check(whole || !plan.is_quiet(), || format!("{index} failed in quiet weather: {outcome:?}"));
            notes.check(!whole || executed > 0, || format!("nobody has answered {index}"));
            report.whole += usize::from(whole);
            report.broken += usize::from(!whole);
            report.tunnels += usize::from(whole && planned.talk().is_some());
        }
        let handling = notes.handling.load(Relaxed);
        notes.check(handling == 0, || format!("{handling} handlers were neither ended nor cancelled"));
        for (line, told) in &*notes.told.lock().unwrap() {
            notes.check(told.closed == 1, || format!("the end of {line:?} was told {} times", told.closed));
        }
        report
    }
}

/// Whether the request has got all that it asked for.
fn judge_outcome(plan: &Plan, notes: &Notes, index: usize, planned: &Request, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered(status, Received::Whole(length, trailers)) if *status == planned.status() => {
            let expected = match planned.method {
                "HEAD" => Content { whole: true, ..Content::default() },
                // Nobody says what the trailers would have been, nor can the end be told from a cut.
                _ if planned.is_until_close() => Content { trailers: false, ..planned.answer.clone() },
                _ => planned.answer.clone(),
            };
            let cut = planned.is_until_close() && planned.method != "HEAD" && plan.weather.breaks > 0;
            let what = || format!("answer {index}");
            match cut && *length < expected.length() {
                true => return false,
                false => judge_whole(notes, &what(), &expected, *length, *trailers),
            }
            true
        }
        Outcome::Talked(client) => {
            let Some(talk) = planned.talk() else { return false };
            let talks = notes.talks.lock().unwrap();
            let Some(server) = talks.get(&index) else {
                // Its end was cut off before it could say anything.
                return false;
            };
            let there = judge_speech(plan, notes, index, (&talk.client, client), server);
            let back = judge_speech(plan, notes, index, (&talk.server, server), client);
            there && back
        }
        Outcome::Answered(_, Received::Whole(..) | Received::Broken | Received::Dropped)
        | Outcome::Failed(_)
        | Outcome::Cancelled => false,
    }
}

/// Whether one end has heard all that the other one has said.
fn judge_speech(
    plan: &Plan,
    notes: &Notes,
    index: usize,
    (speech, speaker): (&Speech, &talk::Report),
    hearer: &talk::Report,
) -> bool {
    notes.check(hearer.heard <= speaker.said, || format!("more was heard in the tunnel of {index} than was said"));
    // Who goes away may not have read everything; then the rest of what it has said is lost as well.
    let orderly = hearer.end == Some(true) && speaker.finished && speech.ending == Ending::Fin;
    let whole = hearer.heard == speech.length();
    let so = !orderly || whole || plan.weather.breaks > 0;
    notes.check(so, || format!("a part of what was said in the tunnel of {index} was taken for the whole"));
    orderly && whole
}

/// What was said to be whole must be.
fn judge_whole(notes: &Notes, what: &str, content: &Content, length: usize, trailers: bool) {
    notes.check(length == content.length(), || format!("a part of {what} was taken for the whole"));
    notes.check(content.fails.is_none(), || format!("the content of {what} broke off, and nobody noticed"));
    notes.check(trailers == content.trailers, || format!("the trailers of {what}"));
}
