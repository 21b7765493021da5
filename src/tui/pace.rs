//! How fast the terminal takes what is written to it.
//!
//! A write to an SSH line succeeds long before the terminal sees it, so every frame ends with a question that any
//! terminal answers at once. While too much is unanswered nothing more is drawn: keys change the state meanwhile, frames
//! are dropped instead of queued, and the next one that is drawn is right. A terminal that answers nothing is never
//! waited for, and one that answered the questions before the first frame is taken for one that answers this one too.
//!
//! Inside tmux the question is answered by tmux, not by the terminal, and none can be asked past it: tmux would give the
//! answer to whatever pane has the focus, as keys. What is sent to a tmux whose client came over SSH, cells and pictures, is
//! therefore paced as if the line were thin, unless the user says that it is not. (What the kernel has not got acknowledged
//! on the SSH connection would tell nothing behind a jump host, which takes everything at once.)

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Device status report: answered with `CSI 0 n`.
pub(super) const QUESTION: &[u8] = b"\x1b[5n";

/// What may be under way besides what the line holds by itself, in time.
const QUEUE: Duration = Duration::from_millis(80);
/// An answer that takes longer will not come.
const LOST: Duration = Duration::from_secs(5);
/// Nor will the first one, of a terminal that answered other questions.
const FIRST: Duration = Duration::from_secs(2);
/// A frame of fewer bytes says nothing about the line's speed.
const TELLING: usize = 3000;
/// How many times faster than before a line is believed to be, at a time: an answer that came early by chance would open
/// it for whole pictures.
const LUCK: f64 = 4.0;
/// A picture that takes longer is preceded by a smaller one.
const PATIENCE: f64 = 0.12;
/// What a picture costs, as far as that matters here.
const PICTURE: f64 = 100_000.0;
/// Seconds that nobody notices between a key and what it does.
const AT_ONCE: f64 = 0.04;
/// A round trip that only a line of some length has.
const FAR: Duration = Duration::from_millis(15);

/// What an unknown line is taken to carry, in bytes a second: 1 Mbit/s, less what others need of it.
const BLIND_RATE: f64 = 100_000.0;
/// What may be under way on it, in bytes.
const BLIND_ROOM: f64 = 50_000.0;
/// How long the user leaves a draft as it is before the whole picture is sent; and where it would be felt that the whole
/// picture was too much.
const REST: Duration = Duration::from_millis(350);
const BLIND_REST: Duration = Duration::from_secs(1);

/// The frames under way, and what was learnt from those that arrived.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    under_way: VecDeque<Frame>,
    /// When the last answer came.
    answered: Option<Instant>,
    /// Bytes of all frames that were answered.
    arrived: usize,
    /// The shortest way there and back.
    round_trip: Option<Duration>,
    /// Bytes a second.
    rate: Option<f64>,
    /// What is taken to be under way where answers tell nothing, and since when.
    blind: Option<(Instant, f64)>,
}

/// A frame under way.
#[derive(Clone, Copy, Debug)]
struct Frame {
    sent: Instant,
    bytes: usize,
    /// The last moment before it from which on what arrives can be counted, and what had arrived by then.
    from: Mark,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Instant,
    arrived: usize,
    /// It is not an answer's, but the one when a frame was written to an idle line: a way there and back is in between.
    idle: bool,
}

impl Pace {
    /// Whether answers tell nothing of the line, which may be thin.
    pub(super) fn set_blind(&mut self, blind: bool) {
        self.blind = blind.then(|| self.blind.unwrap_or((Instant::now(), 0.0)));
    }

    /// Nothing is under way any more, and the line may be another one.
    pub(super) fn forget(&mut self) {
        *self = Self { blind: self.blind, ..Self::default() };
    }

    /// So many bytes, the question among them, were written.
    pub(super) fn sent(&mut self, bytes: usize, now: Instant) {
        self.blind = self.blind.map(|blind| (now, left(blind, now) + bytes as f64));
        let from = match (self.under_way.back(), self.answered) {
            (None, _) => Mark { at: now, arrived: self.arrived, idle: true },
            (Some(last), Some(answered)) if answered > last.from.at => {
                Mark { at: answered, arrived: self.arrived, idle: false }
            }
            (Some(last), _) => last.from,
        };
        self.under_way.push_back(Frame { sent: now, bytes, from });
        // Nobody answers: a queue of questions would grow for ever.
        if self.under_way.len() > 256 {
            self.under_way.pop_front();
        }
    }

    /// The terminal answered the oldest question.
    pub(super) fn answer(&mut self, now: Instant) {
        let Some(Frame { sent, bytes, from }) = self.under_way.pop_front() else { return };
        // The first frame tells less than nothing of the way alone, and one that was faster than any before tells of
        // nothing else.
        let round_trip = self.round_trip.unwrap_or_default();
        self.travelled(now.saturating_duration_since(sent));
        self.arrived += bytes;
        // It began to arrive when the one before was done, or after one way from us.
        let began = self.answered.map_or(sent, |answered| answered.max(sent));
        let busy = |since: Instant, idle: bool| {
            let way = if idle { round_trip } else { Duration::ZERO };
            now.saturating_duration_since(since).saturating_sub(way)
        };
        let busy_with_it = busy(began, began == sent);
        self.answered = Some(now);
        if bytes < TELLING || busy_with_it.is_zero() {
            return;
        }
        let rate = |bytes: usize, busy: Duration| bytes as f64 / busy.as_secs_f64().max(1e-4);
        // Answers may be held up somewhere and come in one go: how close they are tells of a slow line, but not of a fast one.
        // What arrived in all since the frame was sent does.
        let (alone, average) =
            (rate(bytes, busy_with_it), rate(self.arrived - from.arrived, busy(from.at, from.idle)));
        self.rate = Some(match self.rate {
            None => alone.min(average),
            Some(old) => old.midpoint(alone.min(average.max(old)).min(old * LUCK)),
        });
    }

    /// An answer came after so long.
    pub(super) fn travelled(&mut self, took: Duration) {
        self.round_trip = Some(self.round_trip.map_or(took, |shortest| shortest.min(took)));
    }

    /// Whether a frame may be drawn; if not, when to look again at the latest.
    ///
    /// # Errors
    /// The moment from which on the answer counts as lost.
    pub(super) fn ready(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(blind) = self.blind {
            let over = left(blind, now) - BLIND_ROOM;
            if over > 0.0 {
                return Err(now + Duration::from_secs_f64(over / BLIND_RATE) + Duration::from_millis(1));
            }
        }
        let Some(&Frame { sent: oldest, .. }) = self.under_way.front() else { return Ok(()) };
        let waited = now.saturating_duration_since(oldest);
        if self.answered.is_none() {
            let may_answer = self.round_trip.is_some() && waited < FIRST;
            return if may_answer { Err(oldest + FIRST) } else { Ok(()) };
        }
        if waited > LOST {
            self.forget();
            return Ok(());
        }
        let bytes: usize = self.under_way.iter().map(|frame| frame.bytes).sum();
        let span = self.round_trip.unwrap_or_default() + QUEUE;
        let room = self.rate.map_or(0.0, |rate| rate * span.as_secs_f64());
        if (bytes as f64) < room { Ok(()) } else { Err(oldest + LOST) }
    }

    /// How long the user rests before a draft is followed by the whole picture.
    pub(super) fn rest(&self) -> Duration {
        if self.blind.is_some() { BLIND_REST } else { REST }
    }

    /// Whether an answer is still on its way.
    pub(super) fn waits(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// How long the last answers may take: long where answers have come, hardly at all where none ever did.
    pub(super) fn patience(&self) -> Duration {
        if self.answered.is_some() { Duration::from_secs(2) } else { Duration::from_millis(150) }
    }

    /// Whether a picture may go in the frame that shows its kernel selected: on a slower line that waits for no picture.
    pub(super) fn takes_pictures_at_once(&self) -> bool {
        let is_short = |time: f64| time < AT_ONCE;
        self.blind.is_none()
            && match (self.rate, self.round_trip) {
                (Some(rate), _) => is_short(PICTURE / rate),
                (None, round_trip) => round_trip.is_some_and(|time| is_short(time.as_secs_f64())),
            }
    }

    /// By how much the sides of a picture's draft are to be divided; 1: the line is fast enough for none.
    pub(super) fn draft(&self) -> usize {
        if self.blind.is_some() {
            return 4;
        }
        let Some(rate) = self.rate else {
            return if self.round_trip.is_some_and(|round_trip| round_trip > FAR) { 4 } else { 1 };
        };
        match PICTURE / rate {
            time if time < PATIENCE => 1,
            time if time < PATIENCE * 4.0 => 2,
            _ => 4,
        }
    }
}

/// What is still under way of what was.
fn left((since, bytes): (Instant, f64), now: Instant) -> f64 {
    (bytes - now.saturating_duration_since(since).as_secs_f64() * BLIND_RATE).max(0.0)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A line of 125,000 bytes a second and 100 ms there and back, on which each key wants a frame of `bytes`.
    fn drive(bytes: usize, every: Duration, keys: u32) -> (Duration, u32, Pace) {
        drive_by(&|_| bytes, &|_| Duration::from_millis(50), every, keys)
    }

    /// The same with frames of a size of their own, and where answers take a way of their own.
    fn drive_by(
        bytes: &dyn Fn(&Pace) -> usize,
        way_back: &dyn Fn(u32) -> Duration,
        every: Duration,
        keys: u32,
    ) -> (Duration, u32, Pace) {
        let begin = Instant::now();
        let (mut pace, mut free) = (Pace::default(), begin);
        let mut answers: VecDeque<Instant> = VecDeque::new();
        let (mut worst, mut drawn) = (Duration::ZERO, 0);
        for key in 0..keys {
            // The first one is looked at for a while.
            let now = begin + every * key + Duration::from_secs(u64::from(key > 0));
            while answers.front().is_some_and(|answer| *answer <= now) {
                pace.answer(answers.pop_front().unwrap());
            }
            if pace.ready(now).is_ok() {
                let bytes = bytes(&pace);
                free = free.max(now + Duration::from_millis(50))
                    + Duration::from_secs_f64(bytes as f64 / 125_000.0);
                worst = worst.max(free - now);
                answers.push_back(free + way_back(key));
                pace.sent(bytes, now);
                drawn += 1;
            }
        }
        (worst, drawn, pace)
    }

    #[test]
    fn a_held_key_never_falls_behind() {
        let every = Duration::from_millis(33);
        let (worst, drawn, pace) = drive(11_000, every, 300);
        assert!(worst < Duration::from_millis(550), "the screen was {worst:?} behind");
        assert!(drawn > 60, "{drawn} of 300 frames");
        assert_eq!(pace.draft(), 4);
        // What the line can carry is never held back.
        let (worst, drawn, _) = drive(3_000, every, 300);
        assert!(worst < Duration::from_millis(300) && drawn > 280, "{worst:?}, {drawn} frames");
    }

    /// What seems fast for once (the way back took all the time there was, or was shorter than ever) is not believed at once:
    /// whole pictures would be sent, and each would be in the way for most of a second.
    #[test]
    fn a_lucky_answer_does_not_make_the_line_fast() {
        let drafted = |pace: &Pace| [83_000, 83_000, 24_000, 24_000, 7_000][pace.draft()];
        let (first, rest) = (Cell::new(true), Duration::from_millis(33));
        let bytes = |pace: &Pace| if first.replace(false) { 50_000 } else { drafted(pace) };
        let ways: [&dyn Fn(u32) -> Duration; 3] = [
            &|_| Duration::from_millis(50),
            &|key| Duration::from_millis(if key < 40 { 120 } else { 50 }),
            &|key| Duration::from_millis(30 + u64::from(key * 7919 % 41)),
        ];
        for way_back in ways {
            first.set(true);
            let (worst, drawn, pace) = drive_by(&bytes, way_back, rest, 300);
            assert!(worst < Duration::from_millis(650), "the screen was {worst:?} behind");
            assert!(drawn > 60 && pace.draft() == 4, "{drawn} of 300 frames");
        }
    }

    /// A key that is held from the beginning on, while the first frame is still travelling.
    #[test]
    fn nothing_is_queued_behind_the_first_frame() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let frames = |pace: &mut Pace, from: u64, until: u64| {
            let keys = (from..until).step_by(33).map(|ms| begin + Duration::from_millis(ms));
            keys.filter(|now| pace.ready(*now).map(|()| pace.sent(20_000, *now)).is_ok()).count()
        };
        pace.sent(90_000, begin);
        assert_eq!(frames(&mut pace, 33, 100), 3, "nobody knows yet whether there will be an answer");
        pace.travelled(Duration::from_millis(100));
        assert_eq!(frames(&mut pace, 133, 1900), 0);
        // It answers other questions, but not this one.
        assert!(frames(&mut pace.clone(), 2033, 2133) > 0);
        for Frame { sent, .. } in pace.under_way.clone() {
            pace.answer(sent.max(begin + Duration::from_millis(820)) + Duration::from_millis(160));
        }
        assert_eq!((frames(&mut pace, 1900, 1933), pace.draft()), (1, 4));
    }

    /// A line that stands still for a while, and then brings everything at once.
    #[test]
    fn answers_in_one_go_do_not_make_the_line_fast() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let at = |ms: u64| begin + Duration::from_millis(ms);
        pace.travelled(Duration::from_millis(100));
        pace.sent(65_000, begin);
        (10..20).for_each(|ms| pace.sent(1500, at(ms)));
        pace.answer(at(620));
        let frames = [(630, 16_000), (680, 1700), (683, 20_000), (720, 1700), (723, 22_000), (750, 22_000)];
        for (ms, bytes) in frames {
            pace.sent(bytes, at(ms));
        }
        (0..16).for_each(|answer| pace.answer(at(1480 + answer)));
        assert!(!pace.waits() && pace.draft() == 4, "{:?}", pace.rate);
        // Nor is it slow for ever: what arrives between two answers that are apart is believed.
        pace.sent(80_000, at(3000));
        pace.answer(at(3140));
        pace.sent(80_000, at(4000));
        pace.answer(at(4140));
        assert!(pace.rate.is_some_and(|rate| rate > 500_000.0), "{:?}", pace.rate);
    }

    /// 100 ms there and back, and ten megabytes a second: frames wait for each other, but none of them for the line.
    #[test]
    fn a_fast_line_gets_whole_pictures_however_long_it_is() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let (mut free, mut answers) = (begin, VecDeque::new());
        let mut send = |pace: &mut Pace, now: Instant, bytes: usize| {
            while answers.front().is_some_and(|answer| *answer <= now) {
                answers.pop_front().into_iter().for_each(|answer| pace.answer(answer));
            }
            if pace.ready(now).is_ok() {
                let way = Duration::from_millis(50);
                free = free.max(now + way) + Duration::from_secs_f64(bytes as f64 / 1e7);
                answers.push_back(free + way);
                pace.sent(bytes, now);
            }
        };
        pace.travelled(Duration::from_millis(100));
        send(&mut pace, begin, 67_000);
        for key in 0..300 {
            let now = begin + Duration::from_millis(500 + 33 * key);
            send(&mut pace, now, 1700);
            send(&mut pace, now + Duration::from_millis(4), 80_000);
            assert_eq!(pace.draft(), 1, "key {key}: {:?}", pace.rate);
        }
    }

    #[test]
    fn a_mute_terminal_is_never_waited_for() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for frame in 0..1000 {
            assert!(pace.ready(now + Duration::from_millis(frame)).is_ok());
            pace.sent(100_000, now + Duration::from_millis(frame));
        }
        assert_eq!(pace.draft(), 1);
    }

    #[test]
    fn one_lost_answer_stops_nothing_for_long() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.sent(10_000, now);
        pace.answer(now + Duration::from_millis(100));
        pace.sent(100_000, now + Duration::from_millis(200));
        let later = pace.ready(now + Duration::from_millis(300)).unwrap_err();
        assert!(pace.ready(later + Duration::from_millis(1)).is_ok());
    }

    #[test]
    fn a_local_terminal_needs_no_drafts() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.sent(60_000, now);
        pace.answer(now + Duration::from_millis(4));
        assert_eq!(pace.draft(), 1);
    }

    /// Inside tmux the answer comes at once, whatever the line behind it carries.
    #[test]
    fn a_line_that_cannot_be_seen_is_taken_for_a_thin_one() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        pace.set_blind(true);
        assert!(pace.draft() > 1 && pace.rest() > REST);
        let mut sent = 0;
        for key in 0..300 {
            let now = begin + Duration::from_millis(33) * key;
            if pace.ready(now).is_ok() {
                pace.sent(7000, now);
                pace.answer(now + Duration::from_millis(1));
                sent += 7000;
            }
        }
        let carried = BLIND_RATE * 9.9 + BLIND_ROOM;
        assert!((carried * 0.95..carried + 7000.0).contains(&f64::from(sent)), "{sent} bytes in ten seconds");
        // The whole picture, after a rest, delays the next key by less than it takes.
        let now = begin + Duration::from_millis(33) * 300 + BLIND_REST;
        pace.ready(now).unwrap();
        pace.sent(90_000, now);
        let until = pace.ready(now).unwrap_err();
        assert!(until < now + Duration::from_millis(450) && pace.ready(until).is_ok());
    }
}
