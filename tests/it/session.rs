//! A session without a terminal: messages in, reads answered from made-up weights, the state to look at.

use std::sync::Arc;

use convscope::app::comparison::{Compared, Comparison, Other};
use convscope::app::effect::Effect;
use convscope::app::key::Key;
use convscope::app::msg::{Msg, Opened};
use convscope::app::run::{Epoch, EpochId, Frame, Studied, Study};
use convscope::app::state::{
    Choices, ColorDepth, Facts, Graphics, KernelData, LayerData, ResponseFacts, State, Ticket,
};
use convscope::app::update::update;
use convscope::jobs::compare::compared;
use convscope::weights::delta::delta;
use convscope::weights::diagnosis::{Thresholds, judge};
use convscope::weights::statistics::{Histogram, Statistics, largest};
use convscope::weights::{Geometry, Kind, Layer, Layout, Padding, Tensor, Weights};
use ndarray::Array4;

/// A session and everything it asked for.
#[expect(clippy::struct_excessive_bools, reason = "each is a worker that answers at once or not")]
pub(crate) struct Session {
    /// What is on the screen.
    pub(crate) state: State,
    /// Every effect so far, reads included.
    pub(crate) effects: Vec<Effect>,
    /// Whether pictures are answered at once.
    pub(crate) answer_pictures: bool,
    /// Whether kernels are judged at once.
    pub(crate) answer_verdicts: bool,
    /// Whether layers are read at once; else the requests wait in `unread`.
    pub(crate) answer_reads: bool,
    /// Reads that were not answered.
    pub(crate) unread: Vec<(Ticket, EpochId, Layer)>,
    /// Whether the history is studied at once.
    pub(crate) answer_studies: bool,
    /// Whether what is compared with is read at once.
    pub(crate) answer_comparisons: bool,
    /// Epochs that cannot be read.
    pub(crate) unreadable: Vec<u32>,
}

/// At this epoch the weights of every layer are NaN.
pub(crate) const WRONG: u32 = 9;

/// The weights of an epoch: they grow with it, by less and less.
fn at_epoch(data: LayerData, epoch: EpochId) -> LayerData {
    let LayerData::Kernels(mut kernels) = data else { return data };
    let factor = if epoch.0 == WRONG { f32::NAN } else { 2.0 - 1.0 / (epoch.0 as f32 + 1.0) };
    let weights = Arc::make_mut(&mut kernels.weights);
    weights.kernels.mapv_inplace(|weight| weight * factor);
    kernels.largest = largest(weights.kernels.iter().copied());
    kernels.not_finite = weights.kernels.iter().filter(|weight| !weight.is_finite()).count();
    LayerData::Kernels(kernels)
}

/// Epochs of a run, as `1 2 3`; those that cannot be read any more have a `!` before them.
pub(crate) fn epochs(labels: &str) -> Vec<Epoch> {
    let epoch = |label: &str| {
        let number = label.trim_start_matches('!');
        Epoch {
            id: EpochId(number.parse().expect("a number")),
            label: number.to_owned(),
            title: format!("run/ckpt-{number}.h5"),
            readable: !label.starts_with('!'),
        }
    };
    labels.split(' ').filter(|label| !label.is_empty()).map(epoch).collect()
}

fn tensor(name: &str, shape: &[usize]) -> Tensor {
    Tensor {
        path: name.to_owned(),
        name: name.to_owned(),
        shape: shape.to_vec(),
        dtype: "float32".to_owned(),
    }
}

/// A convolution of `k`×`k` kernels.
pub(crate) fn conv(name: &str, k: usize, c_in: usize, c_out: usize) -> Layer {
    Layer {
        name: name.to_owned(),
        kind: Kind::Conv2d,
        tensors: vec![tensor("kernel", &[k, k, c_in, c_out]), tensor("bias", &[c_out])],
        kernels: Some((0, Layout::Hwio)),
        layout_guessed: false,
        geometry: Some(Geometry { stride: [2, 2], padding: Padding::Same, dilation: [1, 1], groups: 1 }),
        epsilon: None,
    }
}

/// A layer without kernels.
pub(crate) fn dense(name: &str) -> Layer {
    Layer {
        name: name.to_owned(),
        kind: Kind::Dense,
        tensors: vec![tensor("kernel", &[16, 10]), tensor("bias", &[10])],
        kernels: None,
        layout_guessed: false,
        geometry: None,
        epsilon: None,
    }
}

/// Stripes that turn with the kernel's index, in three colours: no two kernels look alike.
pub(crate) fn stripes(layer: &Layer) -> Array4<f32> {
    let shape = layer.kernel_shape().expect("a convolution");
    Array4::from_shape_fn((shape.c_out, shape.slices(), shape.k_h, shape.k_w), |(o, i, y, x)| {
        let angle = o as f32 * 0.4;
        let along = angle.cos() * x as f32 + angle.sin() * y as f32;
        ((along * 0.9 + i as f32 * 0.5).sin() * (1.0 + o as f32 * 0.1) * 100.0).round() / 100.0
    })
}

fn numbers(layer: &Layer) -> LayerData {
    let Some(shape) = layer.kernel_shape() else {
        let described = layer.tensors.iter().map(|tensor| {
            let values: Vec<f32> = (0..tensor.len()).map(|at| (at as f32 * 0.7).sin()).collect();
            (Statistics::of_values(&values), Histogram::of(values.iter().copied(), 24))
        });
        return LayerData::Tensors(described.collect());
    };
    let mut kernels = stripes(layer);
    if layer.name == "broken" {
        kernels[(0, 0, 0, 0)] = f32::NAN;
        kernels[(1, 0, 1, 1)] = f32::INFINITY;
        kernels.slice_mut(ndarray::s![2, .., .., ..]).fill(0.25);
    }
    let not_finite = kernels.iter().filter(|weight| !weight.is_finite()).count();
    let largest = largest(kernels.iter().copied());
    let weights = Arc::new(Weights { kernels, bias: None });
    LayerData::Kernels(KernelData { weights, shape, largest, not_finite })
}

/// The other checkpoint's side of a layer: kernel n has changed by n % of its weights.
fn other(layer: &Layer, own: Option<&KernelData>) -> Compared {
    let LayerData::Kernels(mut data) = numbers(layer) else {
        return Compared { other: numbers(layer), kernels: None };
    };
    let mut kernels = data.weights.kernels.clone();
    for (at, mut kernel) in kernels.outer_iter_mut().enumerate() {
        kernel *= 1.0 + at as f32 * 0.01;
    }
    data.weights = Arc::new(Weights { kernels, bias: None });
    let kernels = own.and_then(|own| compared(own, &data));
    Compared { other: LayerData::Kernels(data), kernels }
}

impl Session {
    /// Compares with a checkpoint of these layers.
    pub(crate) fn against(&mut self, layers: Vec<Layer>) -> &mut Self {
        self.state.comparison = Some(Comparison::with("other.h5".to_owned()));
        self.take(Msg::Against(Ok(layers)))
    }

    /// A session on these layers, on a screen of this size, with the index complete.
    pub(crate) fn on(layers: Vec<Layer>, width: u16, height: u16) -> Self {
        Self::with_choices(layers, width, height, Choices::default())
    }

    /// The same, with a command line.
    pub(crate) fn with_choices(layers: Vec<Layer>, width: u16, height: u16, choices: Choices) -> Self {
        let facts = Facts { color: ColorDepth::True, cell: (8, 16), ..Facts::default() };
        let state = State::new("model.h5".to_owned(), "cat.png".to_owned(), (width, height), facts, choices);
        let mut session = Self {
            state,
            effects: Vec::new(),
            answer_pictures: true,
            answer_verdicts: true,
            answer_reads: true,
            unread: Vec::new(),
            answer_studies: true,
            answer_comparisons: true,
            unreadable: Vec::new(),
        };
        session.take(Msg::Layers { network: None, layers });
        session.take(Msg::Opened(Ok(Opened { format: "Keras model".to_owned(), name: None })));
        let facts = Facts { graphics: Graphics::Halfblocks, ..session.state.facts.clone() };
        session.take(Msg::Terminal(facts));
        session
    }

    /// Feeds a message, and answers what it asks for until nothing is left to answer.
    pub(crate) fn take(&mut self, msg: Msg) -> &mut Self {
        let mut waiting = vec![msg];
        while let Some(msg) = waiting.pop() {
            for effect in update(&mut self.state, msg) {
                match &effect {
                    Effect::Read { ticket, epoch, layer } if !self.answer_reads => {
                        self.unread.push((*ticket, *epoch, Layer::clone(layer)));
                    }
                    Effect::Read { ticket, epoch, layer } => {
                        waiting.push(Msg::Read { ticket: *ticket, result: self.read(*epoch, layer) });
                    }
                    Effect::Study { ticket, study } if self.answer_studies => {
                        waiting.push(Msg::Studied { ticket: *ticket, result: self.study(study) });
                    }
                    Effect::Compare { ticket, other, own } if self.answer_comparisons => {
                        let result = self.compare(other, own.as_ref()).map(Box::new);
                        waiting.push(Msg::Compared { ticket: *ticket, result });
                    }
                    Effect::Judge { ticket, weights } if self.answer_verdicts => {
                        let diagnosis =
                            judge(weights, None, &Thresholds::default(), &|_, _| {}, &|| false).unwrap();
                        let kernels = diagnosis.kernels.iter().copied().enumerate().collect();
                        waiting.push(Msg::LayerJudged { ticket: *ticket, diagnosis: Box::new(diagnosis) });
                        waiting.push(Msg::Judged { ticket: *ticket, kernels });
                    }
                    Effect::Respond { ticket, spec, .. } if self.answer_pictures => {
                        let largest = spec.kernel.map(|_| (312.5, 120.0));
                        let result = Ok(ResponseFacts { size: (40, 30), largest });
                        waiting.push(Msg::Responded { ticket: *ticket, result });
                    }
                    _ => {}
                }
                self.effects.push(effect);
            }
        }
        self
    }

    /// What a layer of an epoch is.
    pub(crate) fn read(&self, epoch: EpochId, layer: &Layer) -> Result<LayerData, String> {
        if self.unreadable.contains(&epoch.0) {
            return Err(format!("ckpt-{}.h5: is only partly written", epoch.0));
        }
        Ok(at_epoch(numbers(layer), epoch))
    }

    fn compare(&self, with: &Other, own: Option<&KernelData>) -> Result<Compared, String> {
        let data = match with {
            Other::Layer(layer) => return Ok(other(layer, own)),
            Other::Epoch(epoch, layer) => self.read(*epoch, layer)?,
            Other::Known(kernels) => LayerData::Kernels(kernels.clone()),
        };
        let LayerData::Kernels(kernels) = &data else { return Err("no kernels".to_owned()) };
        let kernels = own.and_then(|own| compared(kernels, own));
        Ok(Compared { other: data, kernels })
    }

    fn study(&self, study: &Study) -> Result<Studied, String> {
        match study {
            Study::Frame { epoch, layer, known } => {
                let data = match (known, self.read(*epoch, layer)?) {
                    (Some(known), _) => known.clone(),
                    (None, LayerData::Kernels(kernels)) => kernels,
                    (None, LayerData::Tensors(_)) => return Err("no kernels".to_owned()),
                };
                let judged = judge(&data.weights, None, &Thresholds::default(), &|_, _| {}, &|| false);
                Ok(Studied::Frame(Box::new(Frame { data, gain: None, diagnosis: judged.map(Arc::new) })))
            }
            Study::Change { before, after, .. } => Ok(Studied::Change(delta(before, after).map(Box::new))),
        }
    }

    /// The run has these epochs now.
    pub(crate) fn epochs(&mut self, labels: &str) -> &mut Self {
        self.take(Msg::Epochs { epochs: epochs(labels), start: None, watched: true })
    }

    /// The label of the selected epoch, and of the one that is shown.
    pub(crate) fn at(&self) -> (String, String) {
        let run = &self.state.run;
        let label = |at: Option<usize>| at.map_or("none".to_owned(), |at| run.epochs[at].label.clone());
        (label(Some(run.at)), label(run.shown.and_then(|shown| run.position(shown))))
    }

    /// Presses keys: characters, and names in angle brackets (`<down>`, `<c-z>`).
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (key, length) = match rest.strip_prefix('<').and_then(|name| name.split_once('>')) {
                Some((name, _)) if NAMES.iter().any(|row| row.0 == name) => {
                    let key = NAMES.iter().find(|row| row.0 == name).expect("just looked up").1;
                    (key, name.len() + 2)
                }
                _ => (Key::Char(c), c.len_utf8()),
            };
            self.take(Msg::Key(key));
            rest = &rest[length..];
        }
        self
    }

    /// The pictures asked for so far.
    pub(crate) fn pictures(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Respond { .. })).count()
    }

    /// The layers read so far.
    pub(crate) fn reads(&self) -> Vec<String> {
        let name = |effect: &Effect| match effect {
            Effect::Read { layer, .. } => Some(layer.name.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(name).collect()
    }
}

const NAMES: &[(&str, Key)] = &[
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("home", Key::Home),
    ("end", Key::End),
    ("pgup", Key::PageUp),
    ("pgdn", Key::PageDown),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("s-tab", Key::BackTab),
    ("bs", Key::Backspace),
    ("c-c", Key::Ctrl('c')),
    ("c-l", Key::Ctrl('l')),
    ("c-z", Key::Ctrl('z')),
];
