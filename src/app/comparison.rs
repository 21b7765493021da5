//! Two checkpoints side by side, or two epochs of a run: which of the two is drawn, and what is known of the selected
//! layer in both.

use std::borrow::Cow;

use super::run::EpochId;
use super::state::{Described, KernelData, LayerData, Load, State, Ticket};
use crate::weights::Layer;
use crate::weights::delta::Delta;
use crate::weights::pairing::{self, Pair};

/// What the kernels pane and the response show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// The checkpoint itself; of a run, the epoch that is shown.
    #[default]
    A,
    /// The one that it is compared with; of a run, the marked epoch.
    B,
    /// What lies between them, about zero, on one scale for the layer: B − A, or the shown epoch − the marked one.
    Difference,
}

/// Every side and what it is called where the two are files, in the order in which a key walks through them.
pub const SIDES: [(Side, &str); 3] = [(Side::A, "A"), (Side::B, "B"), (Side::Difference, "B − A")];

impl Side {
    /// What it is called.
    pub fn name(self) -> &'static str {
        SIDES[self as usize].1
    }

    /// The one behind it, and behind the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        SIDES[(self as usize + 1) % SIDES.len()].0
    }
}

/// What it is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Against {
    /// The epoch of the run that is [marked](super::run::Run::marked).
    #[default]
    Marked,
    /// Another checkpoint, by its path as the user gave it.
    File(String),
}

/// Where B's side of a layer comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Other {
    /// From the other checkpoint, which has this layer.
    Layer(Box<Layer>),
    /// From this epoch, whose layer of the same name it is.
    Epoch(EpochId, Box<Layer>),
    /// From memory: the marked epoch's kernels.
    Known(KernelData),
}

/// A layer of both checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// B's numbers.
    pub other: LayerData,
    /// What changed and the difference; `None` where there are no kernels, or not of one shape.
    pub kernels: Option<(Delta, KernelData)>,
}

/// The checkpoint that is compared with, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Which.
    pub against: Against,
    /// The layers of a file.
    pub layers: Load<Vec<Layer>>,
    /// What is drawn.
    pub side: Side,
    /// The selected layer.
    pub compared: Load<Compared>,
    /// The reading of A's layer that `compared` belongs to.
    pub of: Option<Ticket>,
    /// The selected kernel in B and in the difference.
    pub described: Option<[Described; 2]>,
    /// A layer of the marked epoch as it was read last, so that a step to another epoch needs no reading.
    pub held: Option<(Layer, KernelData)>,
    /// The file that it was compared with before an epoch was marked.
    pub aside: Option<Box<Self>>,
}

/// Why nothing can be drawn of the other side.
enum Lack<'c> {
    Reading,
    Shape,
    Failed(&'c str),
}

impl Comparison {
    /// A comparison with the checkpoint of this name, nothing of which is known yet.
    pub fn with(title: String) -> Self {
        Self { against: Against::File(title), ..Self::default() }
    }

    /// Which of A's layers goes with which of B's; `None` as long as B's are not known.
    pub fn pairs(&self, layers: &[Layer]) -> Option<Vec<Pair>> {
        Some(pairing::layers(layers, self.layers.ready()?))
    }

    /// Whether B's side of the layer is on its way.
    pub fn is_pending(&self) -> bool {
        matches!(self.compared, Load::Pending(_))
    }

    /// The kernels of B, what changed, and the difference.
    fn drawable(&self) -> Result<(&KernelData, &Delta, &KernelData), Lack<'_>> {
        match &self.compared {
            Load::Idle | Load::Pending(_) => Err(Lack::Reading),
            Load::Failed(sentence) => Err(Lack::Failed(sentence)),
            Load::Ready(Compared {
                other: LayerData::Kernels(other),
                kernels: Some((delta, difference)),
            }) => Ok((other, delta, difference)),
            Load::Ready(_) => Err(Lack::Shape),
        }
    }
}

impl State {
    /// What is drawn of the two checkpoints; A, where there is only one.
    pub fn side(&self) -> Side {
        self.comparison.as_ref().map_or(Side::A, |comparison| comparison.side)
    }

    /// What a side is called: a letter where the two are files, else its epoch.
    pub fn side_name(&self, side: Side) -> Cow<'static, str> {
        let Some(marked) = self.run.marked else { return side.name().into() };
        let (shown, marked) = (self.run.label(self.run.shown.unwrap_or_default()), self.run.label(marked));
        match side {
            Side::A => format!("epoch {shown}").into(),
            Side::B => format!("epoch {marked}").into(),
            Side::Difference => format!("{shown} − {marked}").into(),
        }
    }

    /// The kernels that are drawn, of the selected layer on the chosen side.
    ///
    /// # Errors
    /// A clause that says why there are none to draw, while there are A's.
    pub fn kernels_drawn(&self) -> Option<Result<&KernelData, Cow<'_, str>>> {
        let own = self.kernels()?;
        let Some(comparison) = self.comparison.as_ref().filter(|it| it.side != Side::A) else {
            return Some(Ok(own));
        };
        Some(match comparison.drawable() {
            Ok((other, _, _)) if comparison.side == Side::B => Ok(other),
            Ok((_, _, difference)) => Ok(difference),
            Err(Lack::Failed(sentence)) => Err(sentence.into()),
            Err(Lack::Reading) => Err(format!("reading {}…", self.side_name(Side::B)).into()),
            Err(Lack::Shape) => {
                let other = self.side_name(Side::B);
                Err(format!("the kernels of {other} are of another shape: there is nothing to subtract")
                    .into())
            }
        })
    }

    /// What changed in the selected layer and in each of its kernels, where that is known.
    pub fn delta(&self) -> Option<&Delta> {
        self.comparison.as_ref()?.drawable().ok().map(|(_, delta, _)| delta)
    }

    /// The numbers of the selected kernel on both sides, and of the difference.
    pub fn described_sides(&self) -> Option<[&Described; 3]> {
        let [other, difference] = self.comparison.as_ref()?.described.as_ref()?;
        Some([self.described.as_ref()?, other, difference])
    }
}
