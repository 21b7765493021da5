//! A session without a terminal: messages in, reads answered from made-up weights, the state to look at.

use std::sync::Arc;

use convscope::app::comparison::{Compared, Comparison};
use convscope::app::effect::Effect;
use convscope::app::key::Key;
use convscope::app::msg::{Msg, Opened};
use convscope::app::state::{
    Choices, ColorDepth, Facts, Graphics, KernelData, LayerData, ResponseFacts, State,
};
use convscope::app::update::update;
use convscope::jobs::compare::compared;
use convscope::weights::diagnosis::{Thresholds, judge};
use convscope::weights::statistics::{Histogram, Statistics, largest};
use convscope::weights::{Geometry, Kind, Layer, Layout, Padding, Tensor, Weights};
use ndarray::Array4;

/// A session and everything it asked for.
pub(crate) struct Session {
    /// What is on the screen.
    pub(crate) state: State,
    /// Every effect so far, reads included.
    pub(crate) effects: Vec<Effect>,
    /// Whether pictures are answered at once.
    pub(crate) answer_pictures: bool,
    /// Whether kernels are judged at once.
    pub(crate) answer_verdicts: bool,
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
fn other(layer: &Layer, own: Option<&Weights>) -> Compared {
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
        let mut session = Self { state, effects: Vec::new(), answer_pictures: true, answer_verdicts: true };
        session.take(Msg::Layers(layers));
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
                    Effect::Read { ticket, layer, .. } => {
                        waiting.push(Msg::Read { ticket: *ticket, result: Ok(numbers(layer)) });
                    }
                    Effect::Compare { ticket, layer, weights } => {
                        let result = Ok(Box::new(other(layer, weights.as_deref())));
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
