//! What Keras's own description of a network (`model_config`, `config.json`) tells about one of its layers.
//!
//! Read with types, not as a tree of values: the description of 3,000 layers is megabytes, nearly all of it about
//! initializers and regularizers. What is not as expected is passed over: custom layers may write anything.

use std::{collections::HashMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

/// One layer, or model, as its configuration describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// The name of its class: `Conv2D`.
    pub(super) class: String,
    /// Its name in the network.
    pub(super) name: String,
    /// Its settings.
    pub(super) config: Config,
}

/// The settings of a layer that say how it is applied, and the layers inside it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    name: Value,
    #[serde(alias = "subsample", alias = "subsample_length")]
    pub(super) strides: Value,
    #[serde(alias = "border_mode")]
    pub(super) padding: Value,
    #[serde(alias = "atrous_rate")]
    pub(super) dilation_rate: Value,
    pub(super) groups: Value,
    pub(super) scale: Value,
    pub(super) center: Value,
    pub(super) epsilon: Value,
    /// Keras 1 on Theano: `th` puts the channels first, in the kernels too.
    pub(super) dim_ordering: Value,
    #[serde(deserialize_with = "lenient")]
    layers: Vec<Node>,
    #[serde(deserialize_with = "lenient")]
    layer: Option<Box<Node>>,
}

impl Node {
    /// The layers of a model; `None` for what is not one.
    pub(super) fn layers(&self) -> Option<&[Self]> {
        (!self.config.layers.is_empty()).then_some(&self.config.layers)
    }

    /// The layer that a wrapper (`TimeDistributed`) applies; a bidirectional one is a layer of its own.
    pub(super) fn wrapped(&self) -> Option<&Self> {
        self.config.layer.as_deref().filter(|_| self.class != "Bidirectional")
    }
}

/// How Keras names the objects of a list in its newer files: by class, counted.
#[derive(Default)]
pub(super) struct Counters(HashMap<String, usize>);

impl Counters {
    /// `conv2d`, then `conv2d_1`, `conv2d_2`, …
    pub(super) fn next(&mut self, class: &str) -> String {
        let name = snake_case(class);
        let count = self.0.entry(name.clone()).and_modify(|count| *count += 1).or_insert(0);
        if *count == 0 { name } else { format!("{name}_{count}") }
    }
}

/// `Conv2DTranspose` → `conv2d_transpose`, exactly as `keras.src.utils.naming.to_snake_case` does.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().filter(|&c| c.is_alphanumeric() || c == '_').collect();
    // First "(.)([A-Z][a-z]+)" → "\1_\2": a capital before a small letter starts a word …
    let mut words: Vec<char> = Vec::with_capacity(letters.len() + 4);
    let mut at = 0;
    while at < letters.len() {
        words.push(letters[at]);
        let begins = |i: usize| letters.get(i).is_some_and(char::is_ascii_uppercase);
        let small = |i: usize| letters.get(i).is_some_and(char::is_ascii_lowercase);
        at += 1;
        if begins(at) && small(at + 1) {
            words.extend(['_', letters[at]]);
            at += 1;
            while small(at) {
                words.push(letters[at]);
                at += 1;
            }
        }
    }
    // … then "([a-z])([A-Z])" → "\1_\2", and all in small letters.
    let mut name = String::with_capacity(words.len() + 4);
    for (i, c) in words.iter().enumerate() {
        if i > 0 && c.is_ascii_uppercase() && words[i - 1].is_ascii_lowercase() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

/// What can be read leniently: from an object, a list, or (as nothing) from anything else.
trait Lenient: Default {
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        IgnoredAny.visit_map(map).map(|_error: IgnoredAny| Self::default())
    }

    fn from_seq<'de, A: SeqAccess<'de>>(seq: A) -> Result<Self, A::Error> {
        IgnoredAny.visit_seq(seq).map(|_error: IgnoredAny| Self::default())
    }
}

impl Lenient for Node {
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        struct Written {
            #[serde(default)]
            class_name: Value,
            #[serde(default)]
            name: Value,
            #[serde(default, deserialize_with = "lenient")]
            config: Config,
        }
        let written = Written::deserialize(MapAccessDeserializer::new(map))?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let name = text(&written.config.name).or_else(|| text(&written.name)).unwrap_or_default();
        // Custom classes are registered as "package>Class".
        let class = text(&written.class_name).unwrap_or_default();
        let class = class.rsplit('>').next().unwrap_or_default().to_owned();
        Ok(Self { class, name, config: written.config })
    }
}

impl Lenient for Config {
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Self::deserialize(MapAccessDeserializer::new(map))
    }

    /// Keras 1's sequential models are a bare list of layers.
    fn from_seq<'de, A: SeqAccess<'de>>(seq: A) -> Result<Self, A::Error> {
        Ok(Self { layers: Lenient::from_seq(seq)?, ..Self::default() })
    }
}

impl Lenient for Vec<Node> {
    fn from_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        let mut nodes = Self::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(nodes)
    }
}

impl Lenient for Option<Box<Node>> {
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Node::from_map(map).map(|node| Some(Box::new(node)))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient(deserializer)
    }
}

fn lenient<'de, T: Lenient, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Any<T>(PhantomData<T>);

    impl<'de, T: Lenient> Visitor<'de> for Any<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            formatter.write_str("anything")
        }
        fn visit_bool<E>(self, _: bool) -> Result<T, E> {
            Ok(T::default())
        }
        fn visit_i64<E>(self, _: i64) -> Result<T, E> {
            Ok(T::default())
        }
        fn visit_u64<E>(self, _: u64) -> Result<T, E> {
            Ok(T::default())
        }
        fn visit_f64<E>(self, _: f64) -> Result<T, E> {
            Ok(T::default())
        }
        fn visit_str<E>(self, _: &str) -> Result<T, E> {
            Ok(T::default())
        }
        fn visit_unit<E>(self) -> Result<T, E> {
            Ok(T::default())
        }
        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
            T::from_seq(seq)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::from_map(map)
        }
    }
    deserializer.deserialize_any(Any(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_spelled_as_keras_spells_them() {
        for (class, spelled) in [
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("ReLU", "re_lu"),
            ("LSTM", "lstm"),
            ("ConvLSTM2D", "conv_lstm2d"),
            ("BatchNormalization", "batch_normalization"),
            ("MyBlock_V2", "my_block_v2"),
            ("HTTPServer", "http_server"),
        ] {
            assert_eq!(snake_case(class), spelled);
        }
        let mut counters = Counters::default();
        assert_eq!(
            [counters.next("Conv2D"), counters.next("Dense"), counters.next("Conv2D")],
            ["conv2d", "dense", "conv2d_1"]
        );
    }
}
