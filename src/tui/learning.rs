//! What the terminal turns out to be, from the first answer on: also a window of another size, the focus, and another
//! terminal around tmux.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::answers::{self, Answer};
use super::detect::{Multiplexer, Tmux};
use super::{Shell, window};
use crate::app::msg::Msg;
use crate::app::state::Graphics;

impl Shell {
    /// The terminal answered.
    pub(super) fn answered(&mut self, answer: Answer) {
        if answer == Answer::Status {
            self.pace.answer(Instant::now());
            self.choose_draft();
            return;
        }
        let was = self.evidence.complete;
        self.evidence.learn(answer);
        if self.evidence.complete && !was {
            // The questions were written before the first frame: this is the way there and back alone.
            self.pace.travelled(self.asked.elapsed());
            self.choose_draft();
        }
        if self.evidence.complete {
            self.learnt();
        }
    }

    /// tmux says who shows the pane now. A terminal that came has none of the pictures, and may be of another kind or
    /// colour; one that lost bytes may have lost pictures. tmux draws only its cells again.
    pub(super) fn attached(&mut self, mut tmux: Tmux) {
        if let Some(known) = &self.evidence.tmux {
            if tmux.has_news_since(known) {
                self.pending.extend(self.pictures.forget().into_bytes());
                self.screen.forget_overlay();
                self.pending.extend(answers::questions(&self.evidence.environment).into_bytes());
            }
            // While nobody looks, nothing is learnt.
            if tmux.viewers.is_empty() {
                tmux = Tmux { viewers: Vec::new(), ..known.clone() };
            }
        }
        self.evidence.tmux = Some(tmux);
        self.learnt();
    }

    /// The terminal has the focus again. Inside tmux another window was shown meanwhile, perhaps in another terminal: tmux
    /// draws its cells again, but knows nothing of pictures.
    pub(super) fn focused(&mut self) {
        self.look_around();
        if self.evidence.multiplexer().value != Multiplexer::None
            || self.state.facts.graphics == Graphics::Iterm2
        {
            self.screen.forget_overlay();
        }
    }

    /// Takes what is known by now for what is so.
    pub(super) fn learnt(&mut self) {
        let facts = self.evidence.facts();
        self.pace.set_blind(self.evidence.is_thin().is_some_and(|thin| thin.value));
        self.choose_draft();
        let was = &self.state.facts;
        // What the terminal does not understand any more is not sent again while the next picture is being made.
        if facts.graphics != was.graphics && !matches!(was.graphics, Graphics::Unknown | Graphics::Halfblocks)
        {
            self.forget_pictures();
        }
        if facts != self.state.facts {
            self.update(Msg::Terminal(facts));
        }
    }

    /// Looks how large the window is now.
    pub(super) fn resized(&mut self) {
        self.evidence.window = window();
        let [width, height, ..] = self.evidence.window;
        self.update(Msg::Resize { width, height });
    }

    /// The window changed. A font of another size changes the cells: the kernel knows first.
    pub(super) fn measure(&mut self) {
        self.evidence.window = window();
        self.evidence.cell = None;
        self.evidence.window_px = None;
        self.look_around();
        self.learnt();
    }

    /// Asks tmux at once: whoever gives the focus back, or another size, may be another terminal.
    fn look_around(&self) {
        if let Some(look) = &self.tmux {
            let _ = look.send(());
        }
    }

    fn choose_draft(&self) {
        self.draft.store(self.pace.draft(), Ordering::Relaxed);
    }
}
