//! Decisions about claims and volumes in sentences.

use super::Explanation;
use crate::catalogue::{Arg, Msg, code, counted, say, words};
use crate::cluster::short_name;
use crate::model::*;
use rollout_api::ObjectKey;
use rollout_engine::controllers::volumes::decision::VolumeDecision;

/// A decision as a sentence.
pub fn explain(on: &ObjectKey, decision: &VolumeDecision) -> Explanation {
    use VolumeDecision as D;
    let claim = || ("claim", code(on.name.as_str()));
    let name = |n: &str| code(short_name(n));
    let told = |kind: WhyKind, msg: Msg, args: &[(&str, Arg)], upstream: &'static str| {
        Explanation::new(kind, say(msg, args)).with(Vec::new(), upstream)
    };
    match decision {
        D::WaitsForConsumer => told(
            WhyKind::Wait,
            Msg::ClaimWaits,
            &[claim()],
            "syncUnboundClaim",
        ),
        D::NoClass => told(
            WhyKind::Wait,
            Msg::ClaimNoClass,
            &[claim()],
            "syncUnboundClaim",
        ),
        D::NoSuchClass { class } => told(
            WhyKind::Wait,
            Msg::ClaimNoSuchClass,
            &[claim(), ("class", code(class.as_str()))],
            "provisionClaim",
        ),
        D::Provisioning {
            provisioner,
            size,
            absent,
        } => told(
            if *absent {
                WhyKind::Wait
            } else {
                WhyKind::Change
            },
            if *absent {
                Msg::ClaimNoProvisioner
            } else {
                Msg::ClaimProvisioning
            },
            &[
                claim(),
                ("provisioner", code(provisioner.as_str())),
                ("size", words(size.as_str())),
            ],
            "provisionClaim",
        ),
        D::Bound { volume } => told(
            WhyKind::Change,
            Msg::ClaimBound,
            &[claim(), ("volume", name(volume))],
            "syncBoundClaim",
        ),
        D::MultiAttach {
            volume,
            node,
            holder,
        } => told(
            WhyKind::Wait,
            Msg::VolumeElsewhere,
            &[
                ("pod", name(&on.name)),
                ("volume", name(volume)),
                ("node", code(node.as_str())),
                ("holder", code(holder.as_str())),
            ],
            "reportMultiAttachError",
        ),
        D::Attached { volume, node } => told(
            WhyKind::Change,
            Msg::VolumeAttached,
            &[
                ("pod", name(&on.name)),
                ("volume", name(volume)),
                ("node", code(node.as_str())),
            ],
            "attachDesiredVolumes",
        ),
        D::Protected { pods } => told(
            WhyKind::Wait,
            Msg::ClaimProtected,
            &[
                claim(),
                (
                    "pods",
                    counted(i64::try_from(*pods).unwrap_or(0), Quantity::Count),
                ),
            ],
            "processPVC",
        ),
        D::Released { deleted } => told(
            WhyKind::Change,
            if *deleted {
                Msg::VolumeGoes
            } else {
                Msg::VolumeStays
            },
            &[("volume", name(&on.name))],
            "reclaimVolume",
        ),
    }
}
