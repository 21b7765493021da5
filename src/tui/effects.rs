//! What the core asks for, done.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::pictures::Key;
use super::{AfterFrame, Shell, signals, terminal};
use crate::app::effect::Effect;
use crate::app::msg::Msg;
use crate::app::state::{ResponseSpec, Ticket};
use crate::app::update::update;
use crate::jobs::response::Request;
use crate::jobs::{compare, diagnose};
use crate::weights::Weights;

impl Shell {
    /// Lets the core decide, and does what it asks for.
    pub(super) fn update(&mut self, msg: Msg) {
        self.stale |= !matches!(msg, Msg::Responded { .. });
        let mut effects: VecDeque<Effect> = update(&mut self.state, msg).into();
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Read { ticket, epoch, layer } => {
                    self.reading_since.get_or_insert_with(Instant::now);
                    self.reader.request(ticket, epoch, layer);
                }
                Effect::Respond { ticket, spec, weights } => {
                    effects.extend(self.respond(ticket, *spec, weights));
                }
                Effect::Judge { ticket, weights } => {
                    self.after_frame.judge = Some(diagnose::Request { ticket, weights });
                }
                Effect::Study { ticket, study } => self.after_frame.study = Some((ticket, study)),
                Effect::Compare { ticket, other, own } => {
                    self.reading_since.get_or_insert_with(Instant::now);
                    self.reader.compare(compare::Request { ticket, other, own });
                }
                Effect::ForgetPicture => self.forget_pictures(),
                Effect::Mouse(on) => {
                    let mode = if on { terminal::MOUSE_ON } else { terminal::MOUSE_OFF };
                    self.pending.extend_from_slice(mode.as_bytes());
                }
                Effect::Redraw => self.screen.forget(),
                Effect::Suspend => effects.extend(self.suspend()),
                Effect::Quit => self.done = true,
                Effect::Fail(sentence) => self.fail(sentence),
            }
        }
    }

    /// Stops the process as the shell expects it, and takes the terminal again when it goes on.
    fn suspend(&mut self) -> Vec<Effect> {
        let _ = terminal::write(self.pictures.forget().as_bytes());
        terminal::leave();
        signals::stop();
        if terminal::enter(self.state.mouse).is_err() {
            self.done = true;
            return Vec::new();
        }
        self.pace.forget();
        self.resized();
        update(&mut self.state, Msg::Resumed)
    }

    /// Asks for what may take a while: the frame that was just drawn needed the processor first.
    pub(super) fn ask_for_the_rest(&mut self) {
        let AfterFrame { response, judge, study } = std::mem::take(&mut self.after_frame);
        if let Some(request) = response {
            self.responder.submit(request);
        }
        // Once the response is on the screen.
        if self.state.preview.pending.is_none()
            && let Some(request) = self.ahead.take()
            && self.pace.takes_pictures_at_once()
        {
            self.responder.submit(request);
        }
        if let Some(request) = judge {
            self.judge.submit(request);
        }
        if let Some((ticket, study)) = study {
            self.reader.study(ticket, *study);
        }
    }

    /// Asks for a picture, unless it was made before; after the next frame.
    fn respond(&mut self, ticket: Ticket, spec: ResponseSpec, weights: Option<Arc<Weights>>) -> Vec<Effect> {
        self.ahead = self.next(&spec, weights.as_ref());
        if let Some(facts) = self.pictures.recall(&Key::of(&spec, weights.as_deref())) {
            return update(&mut self.state, Msg::Responded { ticket, result: Ok(facts) });
        }
        self.after_frame.response = Some(Request { ticket, spec, weights });
        Vec::new()
    }

    /// The response that the next key asks for, if it goes on like the last one: made while nobody waits, it is shown
    /// together with its kernel.
    fn next(&mut self, spec: &ResponseSpec, weights: Option<&Arc<Weights>>) -> Option<Request> {
        let kernel = spec.kernel.as_ref().filter(|_| spec.sheet.is_none())?.kernel;
        let before = self.walked.replace((spec.read, kernel)).filter(|(read, _)| *read == spec.read)?.1;
        let place = |kernel| self.state.order.iter().position(|other| *other == kernel);
        let (from, to) = (place(before)?, place(kernel)?);
        let next = *self.state.order.get((2 * to).checked_sub(from)?).filter(|next| **next != kernel)?;
        let mut spec = spec.clone();
        spec.kernel.as_mut()?.kernel = next;
        let is_there = self.pictures.has(&Key::of(&spec, weights.map(AsRef::as_ref)));
        (!is_there).then(|| Request { ticket: self.state.ticket(), spec, weights: weights.cloned() })
    }
}
