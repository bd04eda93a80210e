//! Every sentence a learner reads, by key. Other languages are other tables of the same keys.
//!
//! `{name}` is a placeholder. `{name|one|many}` picks by the number `name`: 1 takes the first.

use crate::model::{NumberView, Origin, Quantity, Span, VersionTag};

/// What stands in for a placeholder.
#[derive(Clone, Debug)]
pub enum Arg {
    /// A number with its link.
    Number(NumberView),
    /// A name, in the fixed-width face.
    Code(String),
    /// Words.
    Text(String),
    /// The letter of a version.
    Version(VersionTag),
}

/// A number from a place.
pub fn number(value: i64, quantity: Quantity, origin: Origin) -> NumberView {
    let text = if value < 0 {
        format!("−{}", value.unsigned_abs())
    } else {
        value.to_string()
    };
    let origin = match origin {
        Origin::Computed => origin_of(quantity),
        known => known,
    };
    NumberView {
        text,
        value,
        quantity,
        origin,
    }
}

/// Where a quantity comes from, if nobody says otherwise.
fn origin_of(quantity: Quantity) -> Origin {
    let field = |path: &str| Origin::Field(path.to_owned());
    match quantity {
        Quantity::Desired => field("spec.replicas"),
        Quantity::Ceiling | Quantity::Surge => field("spec.strategy.rollingUpdate.maxSurge"),
        Quantity::Floor | Quantity::Unavailable => {
            field("spec.strategy.rollingUpdate.maxUnavailable")
        }
        Quantity::Total
        | Quantity::Waiting
        | Quantity::Available
        | Quantity::Ready
        | Quantity::Updated
        | Quantity::Leaving
        | Quantity::Failing => Origin::Pods,
        Quantity::Wanted | Quantity::Old | Quantity::New => Origin::Sets,
        Quantity::Seconds => Origin::Clock,
        Quantity::Room | Quantity::Spare | Quantity::Revision | Quantity::Count => Origin::Computed,
    }
}

/// A counted or computed number.
pub fn counted(value: impl Into<i64>, quantity: Quantity) -> Arg {
    Arg::Number(number(value.into(), quantity, Origin::Computed))
}

/// A name.
pub fn code(name: impl Into<String>) -> Arg {
    Arg::Code(name.into())
}

/// Words.
pub fn words(text: impl Into<String>) -> Arg {
    Arg::Text(text.into())
}

/// Seconds for a sentence: `4.5 s`, `38 s`, `2 min`.
pub fn seconds(ms: u64) -> String {
    if ms >= 600_000 && ms.is_multiple_of(60_000) {
        return format!("{} min", ms / 60_000);
    }
    let tenths = (ms + 50) / 100;
    if tenths.is_multiple_of(10) {
        format!("{} s", tenths / 10)
    } else {
        format!("{}.{} s", tenths / 10, tenths % 10)
    }
}

/// A span of time as an argument.
pub fn span_of_time(ms: u64) -> Arg {
    Arg::Number(NumberView {
        text: seconds(ms),
        value: i64::try_from(ms).unwrap_or(i64::MAX),
        quantity: Quantity::Seconds,
        origin: Origin::Clock,
    })
}

macro_rules! messages {
    ($( $(#[$doc:meta])* $key:ident = $text:expr; )*) => {
        /// The keys.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Msg { $( $(#[$doc])* $key, )* }
        impl Msg {
            /// All keys.
            pub const ALL: &[Msg] = &[ $( Msg::$key, )* ];
            /// The English text.
            pub fn text(self) -> &'static str {
                match self { $( Msg::$key => $text, )* }
            }
        }
    };
}

messages! {
    // Decisions of the Deployment controller
    /// A write that adds new pods.
    ScaleUpNew = "New +{k}: ceiling {ceiling} − pods {total} leaves {room}.";
    /// Adding is bounded by the desired number, not by the ceiling.
    ScaleUpToDesired = "New +{k}: {desired} are desired and {new} are there. The ceiling of {ceiling} leaves {room}.";
    /// The first set of a Deployment.
    CreateFirst = "A set of {k} for the template: there is no other set, so all {desired} may come at once.";
    /// A new set without pods.
    CreateEmpty = "A set for the new template, still empty: ceiling {ceiling} − pods {total} leaves {room}.";
    /// A write that removes available old pods.
    ScaleDownOld = "Old −{k}: pods {total} − floor {floor} − {waiting} new not available = {spare}.";
    /// The same, bounded by what is available.
    ScaleDownAvailable = "Old −{k}: available {available} − floor {floor} leaves {spare}.";
    /// Unhealthy pods first.
    CleanUp = "{k} unhealthy {k|pod|pods} of the old set {k|goes|go} first; {k|it serves|they serve} nobody.";
    /// The new set was too large.
    NewNotAbove = "New −{k}: {desired} are desired.";
    /// Recreate stops all.
    RecreateStops = "Old −{k}: Recreate stops all old pods before the first new one.";
    /// Recreate starts all.
    RecreateStarts = "New +{k}: no old pod is left, so all {desired} may come at once.";
    /// Only one set, up.
    ResizeUp = "+{k}: {desired} are desired now.";
    /// Only one set, down.
    ResizeDown = "−{k}: {desired} are desired now.";
    /// The new set is complete, the old one goes.
    Saturated = "Old −{k}: the new set has all {desired}, the old one is not needed any more.";
    /// Proportional scaling.
    Proportional = "Scaling to {desired} is shared in proportion to the sizes: {change} for this set of {from}.";
    /// A hash collision.
    HashCollision = "The name {set} belongs to another template: the hash is made anew.";
    /// The set could not be made.
    CreateFailed = "The server refused the set {set}: {error}";
    /// An old set is used again.
    Reused = "Set {set} has this template already: it is used again and becomes revision {revision}.";
    /// Annotations.
    Annotated = "Set {set} is revision {revision}.";
    /// Adoption.
    Adopted = "Set {set} matches the selector and had no owner: the Deployment owns it now.";
    /// Release.
    Released = "Set {set} does not match the selector any more: the Deployment lets it go.";
    /// Cannot add.
    UpBlocked = "{ceiling} pods is the ceiling and {total} are there: nothing may be added.";
    /// Cannot remove.
    DownBlocked = "Waiting: {waiting} new {waiting|pod is|pods are} not available; removing one more would go below the floor {floor}.";
    /// Cannot remove although all new ones are available.
    DownBlockedPlain = "Waiting: {total} pods − floor {floor} − {waiting} new not available = {spare}; nothing may be removed.";
    /// Nothing available to spare.
    NothingToSpare = "Waiting: {available} available − floor {floor} = {spare}; no available pod may go.";
    /// Recreate waits.
    RecreateWaits = "Recreate: {n} old {n|pod|pods} must be gone before the first new one.";
    /// Paused, nothing new.
    Paused = "Rollout paused: sizes stay. Pods that exist go on.";
    /// Paused with a changed template.
    PausedPending = "Rollout paused: the new template waits, sizes stay.";
    /// Deadline watch.
    DeadlineAhead = "Nothing moves. Without progress for {deadline} the controller reports it and changes nothing.";
    /// Deadline passed.
    DeadlinePassed = "Deadline of {deadline} passed. Kubernetes reports it and changes nothing.";
    /// Complete.
    Complete = "Rollout complete: {desired} of {desired} {desired|pod runs|pods run} {image}.";
    /// Complete, pods still leaving.
    CompleteLeaving = "Rollout complete: {desired} of {desired} {desired|pod runs|pods run} {image}. {leaving} {leaving|pod is|pods are} still leaving.";
    /// Zero replicas.
    CompleteZero = "0 replicas are desired and 0 are there.";
    /// History limit.
    HistoryCleaned = "Set {set} (revision {revision}) is deleted: {old} old sets, {limit} may stay.";
    /// The selector is empty.
    SelectsAll = "The selector is empty: the Deployment would own every pod, so the controller does nothing.";
    /// Retry.
    Retry = "The write failed and is tried again: {error}";

    // Other controllers
    /// ReplicaSet made pods.
    PodsCreated = "Set {set} wants {wanted} and has {active}: {k} {k|pod is|pods are} made.";
    /// ReplicaSet deleted pods.
    PodsDeleted = "Set {set} wants {wanted} and has {active}: {pods} {k|goes|go}.";
    /// ReplicaSet failed.
    PodsFailed = "Set {set} wants {wanted} and has {active}, but the server refused: {error}";
    /// ReplicaSet adopted.
    PodsAdopted = "Set {set} takes over {pods}: its selector matches and nobody owns it.";
    /// ReplicaSet released.
    PodsReleased = "Set {set} lets go of {pods}: its selector does not match any more.";
    /// ReplicaSet waits for minReadySeconds.
    SetMinReady = "{ready} of set {set} are ready and {available} count as available: minReadySeconds is {seconds}.";

    // Changes
    /// A pod appeared.
    PodNew = "Pod {pod} is made.";
    /// Scheduled.
    PodScheduled = "Pod {pod} has a place on {node} and is being created.";
    /// No place.
    PodUnschedulable = "Pod {pod} finds no place: {message}";
    /// Runs.
    PodRunning = "Pod {pod} runs and is not ready yet.";
    /// Not ready any more.
    PodUnready = "Pod {pod} is not ready any more.";
    /// Ready but not available.
    PodReady = "Pod {pod} is ready; it counts as available in {s}.";
    /// Available.
    PodAvailable = "Pod {pod} is available: {available} of {desired}.";
    /// Several became available.
    PodsAvailable = "{k} pods are available now: {available} of {desired}.";
    /// Leaves.
    PodTerminating = "Pod {pod} leaves and is not counted any more.";
    /// Several leave.
    PodsTerminating = "{k} pods leave and are not counted any more.";
    /// Gone.
    PodGone = "Pod {pod} is gone.";
    /// Image pull.
    PodImagePull = "Pod {pod} cannot pull {image}: {reason}.";
    /// Crash.
    PodCrash = "Pod {pod} ended and is to be started again, {restarts} {restarts|restart|restarts} so far.";
    /// An init container failed.
    PodInitCrash = "Init container {container} of pod {pod} failed and is to be started again, {restarts} {restarts|restart|restarts} so far.";
    /// An init container is tried again.
    PodInitAgain = "Init container {container} of pod {pod} is tried again.";
    /// Config.
    PodConfig = "Pod {pod} cannot be created: {message}";
    /// Out of memory.
    PodOom = "Pod {pod} was killed for its memory, {restarts} {restarts|restart|restarts} so far.";
    /// Completed.
    PodCompleted = "Pod {pod} ended by itself.";
    /// Several pods of one change.
    PodsChanged = "{k} pods change: {state}.";

    // Steps that no pod shows
    /// Status of the Deployment.
    DeploymentStatus = "The Deployment's status is written: {ready} ready, {updated} updated, {available} available.";
    /// A set's status.
    SetStatus = "Set {set} reports {ready} ready and {available} available.";
    /// Condition changed.
    ConditionChanged = "Condition {condition} is {status}: {reason}.";
    /// An event.
    EventSeen = "Event {reason}: {message}";
    /// Endpoints.
    Endpoints = "The Service sends requests to {n} {n|pod|pods}.";
    /// Something else.
    ObjectChanged = "{object} changed.";

    // Actions
    /// The learner's line.
    YouDid = "You: {line}";
    /// Undo.
    UndoNote = "Undo copies the template of revision {from}; it becomes revision {to}.";
    /// Nothing to undo.
    UndoNone = "There is no earlier revision to go back to.";
    /// Nothing to roll out.
    NothingToRollOut = "Nothing to roll out: the template is unchanged.";
    /// Refused.
    Refused = "Refused: {message}";

    // Rest
    /// No Deployment.
    NoDeployment = "No Deployment yet. Paste a manifest and apply it, or start from a preset.";
    /// Deleted.
    Deleted = "The Deployment is deleted. {n} {n|pod is|pods are} still leaving.";
    /// The controller has not looked yet.
    NotObserved = "The controller has not seen this change yet. The next step is its answer.";
    /// Ceiling and floor reached.
    AtBothLimits = "{ceiling} pods is the ceiling, {floor} available is the floor. The next old pod goes when a new one is available.";
    /// Spare is zero, room is not needed.
    AtFloor = "Waiting: {waiting} new {waiting|pod is|pods are} not available; removing one more would go below the floor {floor}.";
    /// Everything new is there, waits for it.
    WaitingForLast = "All {desired} new pods exist; {waiting} {waiting|is|are} not available yet. Then the rollout is complete.";
    /// First pods start.
    FirstStart = "{waiting} of {desired} pods {waiting|is|are} not available yet. There is no older set to keep running.";
    /// minReadySeconds.
    MinReady = "Pod {pod} is ready; it counts as available in {s}.";
    /// Recreate: new ones start.
    RecreateGap = "Recreate: {new} new {new|pod is|pods are} starting and {available} {available|is|are} available.";
    /// Nobody is available.
    RecreateOutage = "Recreate: {new} new {new|pod is|pods are} starting and 0 are available. Nobody answers.";
    /// Stalled: cause and limits.
    StalledAtLimits = "{cause} With {ceiling} pods at the ceiling and {available} available at the floor, nothing may be added or removed.";
    /// Stalled: cause and limits; pods of the sets are missing.
    StalledBySizes = "{cause} The sizes of the sets add up to {total}, the ceiling, and {available} available is the floor: nothing may be added or removed.";
    /// Stalled: cause, above the ceiling (it was lowered).
    StalledAboveCeiling = "{cause} {total} pods are more than the ceiling of {ceiling} and {available} available is the floor, so nothing may be added or removed.";
    /// Stalled: cause, below the floor.
    StalledBelowFloor = "{cause} {available} {available|pod is|pods are} available, below the floor of {floor}, so no old pod may go.";
    /// Stalled: cause and the floor.
    StalledAtFloor = "{cause} {available} available is the floor, so no old pod may go.";
    /// Stalled: cause only.
    StalledPlain = "{cause} Nothing more is permitted until they are available.";
    /// Stalled although no rollout is on.
    Degraded = "{cause} {available} of {desired} are available.";
    /// Cause: image.
    CausePull = "{n} {which} {n|pod|pods} cannot pull {image}.";
    /// Cause: crash.
    CauseCrash = "{n} {which} {n|pod ends|pods end} again and again after {n|its|their} start.";
    /// Cause: config.
    CauseConfig = "{n} {which} {n|pod|pods} cannot be created: {message}.";
    /// Cause: memory.
    CauseOom = "{n} {which} {n|pod is|pods are} killed for {n|its|their} memory.";
    /// Cause: no node.
    CausePending = "{n} {which} {n|pod finds|pods find} no place: {message}";
    /// Cause: never ready.
    CauseNotReady = "{n} {which} {n|pod runs|pods run} but {n|is|are} not ready.";
    /// Cause: a disk on another node.
    CauseMount = "{n} {which} {n|pod waits|pods wait} for volume {volume}: there is no {kind} {name}.";
    /// Cause: an init container.
    CauseInit = "{n} {which} {n|pod|pods} cannot begin: init container {container} fails again and again.";
    /// Cause: one of several containers.
    CauseCrashOf = "In {n} {which} {n|pod|pods} container {container} ends again and again after its start.";
    /// Cause: one of several containers.
    CauseOomOf = "In {n} {which} {n|pod|pods} container {container} is killed for its memory.";
    /// Cause: a disk.
    CauseDisk = "{n} {n|pod waits|pods wait} for the disk of claim {claim}: one node at a time may have it, and a pod on {node} keeps it.";
    /// The server refuses pods.
    CauseRefused = "The server refuses new pods: {message}.";
    /// The controllers do nothing.
    FaultControllers = "The controllers are down: nothing is decided until they are back.";
    /// A node is cut off and still counts as ready.
    FaultNodeSilent = "{n} {n|pod is|pods are} on {node}, which is cut off; the cluster has not noticed yet.";
    /// A node is not heard of.
    FaultNodeLost = "{n} {n|pod is|pods are} on {node}, which is not heard of.";
    /// A node is not heard of and its pods are evicted.
    FaultNodeEvicts = "{n} {n|pod is|pods are} on {node}, which is not heard of; {n|it is|they are} evicted in {s}.";
    /// Pods leave a node that is not heard of.
    FaultNodeLeaving = "{n} {n|pod leaves|pods leave} {node}, which is not heard of: nobody confirms it until the node is back.";
    /// A registry is down.
    FaultRegistry = "The registry does not deliver; the next try comes by itself.";
    /// A slow API server.
    FaultApi = "News from the API server arrive {s} late.";
    /// Something is permitted and comes next.
    NextWrite = "{room} may be added and {spare} may be removed now. The next step shows it.";
    /// Pods are on their way although the Deployment is fine.
    Healing = "{available} of {desired} are available; {waiting} {waiting|is|are} on the way.";
    /// The controller has not counted again.
    StatusLags = "{available} of {desired} are available; the controller has counted {counted} and will look again.";
    /// Last resort.
    Quiet = "{total} pods, {available} available, {desired} desired. Nothing more is due.";

    // Kickers
    /// During a rolling update.
    KickerRolling = "Rolling update of {desired} {desired|pod|pods} from {from} to {to}.";
    /// During a Recreate update.
    KickerRollingTemplate = "Rolling update of {desired} {desired|pod|pods} of {to} to a changed template.";
    /// During a Recreate update that changes no image.
    KickerRecreateTemplate = "Recreate of {desired} {desired|pod|pods} of {to} with a changed template.";
    /// During a Recreate update.
    KickerRecreate = "Recreate of {desired} {desired|pod|pods} from {from} to {to}.";
    /// No update.
    KickerSteady = "{name}: {desired} {desired|pod|pods} of {image}.";
    /// Step number.
    KickerStep = "Step {step}.";
    /// Stalled.
    AlertStalled = "Stalled for {s}.";
    /// Under the alert.
    KickerStalled = "The rollout is not paused and will not roll back by itself.";
    /// Paused.
    AlertPaused = "Rollout paused.";
    /// Past the deadline.
    AlertDeadline = "Past the deadline.";

    // Sums
    /// Room 0.
    NoteRoomStop = "Stop. The ceiling is reached.";
    /// Below the list of events.
    OlderEvents = "{k} older {k|event|events}: kubectl get events shows {k|it|them}.";
    /// Room above 0.
    NoteRoomClear = "Clear. {k} may be added.";
    /// The new set has its size.
    NoteRoomAsked = "The new set has its size: no more are asked for.";
    /// No old pod is left.
    NoteSpareAsked = "No old pod is left to remove.";
    /// Spare 0.
    NoteSpareStop = "Stop. Nothing goes until a pod becomes available.";
    /// Spare above 0.
    NoteSpareClear = "Clear. {k} may be removed.";
    /// Paused.
    NoteClamped = "The rollout is paused: no rollout write, whatever the sum says.";
    /// Complete.
    NoteDone = "The rollout is complete: nothing is asked for.";
    /// No floor.
    NoteNoFloor = "Recreate has no floor: all old pods go at once.";

    // The node side and the garbage collector
    /// A decision without numbers.
    PlainDecision = "{name}.";
    /// Scheduled.
    SchedulerBound = "The scheduler gives pod {pod} the node {node}: {feasible} of {nodes} {nodes|node|nodes} could take it.";
    /// Not scheduled.
    SchedulerNone = "The scheduler finds no node for pod {pod}: 0 of {nodes} {nodes|node|nodes} can take it. After attempt {attempts} it tries again when something changes, at the latest in {s}.";
    /// A pull begins.
    NodePull = "The node of pod {pod} pulls {image}: the answer comes in {s}.";
    /// A limit that is proposed.
    ProposeCeiling = "Ceiling {from} becomes {to}: {desired} + {by}.";
    /// The same below.
    ProposeFloor = "Floor {from} becomes {to}: {desired} − {by}.";
    /// The image is there.
    NodeStart = "The image is there: container {container} of pod {pod} is made and runs in {s}.";
    /// A pull waits.
    NodePullBackOff = "Pulling {image} failed for pod {pod}: the node waits {window} between two tries, the next comes in {s} at the earliest.";
    /// A restart waits.
    NodeCrashBackOff = "Container {container} of pod {pod} ended again, restart {restarts}: the node waits {window} after its end and starts it in {s} at the earliest.";
    /// A probe that changes something.
    ProbeCounts = "{probe} probe of pod {pod}: {result}, {run} in a row, {threshold} {threshold|is|are} needed. It counts now.";
    /// A probe whose port has no number.
    ProbeNobody = "{probe} probe of pod {pod}: its port is a name that the container does not have, so nobody is asked.";
    /// A probe that changes nothing.
    ProbeSeen = "{probe} probe of pod {pod}: {result}, {run} in a row, {threshold} {threshold|is|are} needed.";
    /// A mounted object has new content.
    NodeRefresh = "The kubelet brings the new content of {object} into volume {volume} of pod {pod}, {s} after the change. Environment and subPath keep the old one until the container starts anew.";
    /// A command wrote a file.
    NodeWrote = "A command in container {container} of pod {pod} writes {path}: it stays as long as the volume it stands in; without a volume, as long as the container.";
    /// A command removed a file.
    NodeRemoved = "A command in container {container} of pod {pod} removes {path}.";
    /// A container is told to stop.
    NodeStop = "Container {container} of pod {pod} is told to stop: it may take {grace} and will have ended in {s}.";
    /// The same with a hook.
    NodeStopHook = "Container {container} of pod {pod} is to stop: its preStop hook takes {hook} of the {grace} it has, and it will have ended in {s}.";
    /// The owner is gone.
    GarbageOwnerGone = "{object} is deleted: its owner, {kind} {owner}, is gone.";
    /// The owner waits.
    GarbageOwnerWaits = "{object} is deleted: its owner, {kind} {owner}, waits for it.";
    /// Let go.
    GarbageOrphaned = "{object} stays: its owner {owner} goes without it.";
    /// The owner may go.
    GarbageFreed = "{object} goes: nothing that depends on it is left.";

    // Waits: what for
    /// The controller's turn.
    AwaitsController = "The controller's answer to the change.";
    /// The controller's next count.
    AwaitsCount = "The controller's next look at the pods.";
    /// Pods.
    AwaitsPods = "{n} more {n|pod|pods} to count as available; {pod} is the nearest.";
    /// Leaving pods.
    AwaitsLeaving = "{n} leaving {n|pod|pods} to be gone.";
    /// The learner.
    AwaitsResume = "Somebody who resumes the rollout.";
    /// Pods that are not made.
    AwaitsPodsMade = "{n} {n|pod|pods} that could not be made.";

    // Waits: what ends them
    /// The controller's turn.
    EndsController = "The next step: the controller takes the Deployment from its queue.";
    /// The controller's next count.
    EndsCount = "The end of a pod's minReadySeconds wakes the controller.";
    /// minReadySeconds.
    EndsMinReady = "minReadySeconds: {pod} must be ready for {seconds} without a break.";
    /// A readiness probe.
    EndsProbe = "A success of the readiness probe of {container}: {threshold} in a row, asked every {period}.";
    /// A readiness probe with a delay.
    EndsProbeDelay = "A success of the readiness probe of {container}: {threshold} in a row, asked every {period} from {delay} after its start on.";
    /// A startup probe.
    EndsStartup = "A success of the startup probe of {container}, asked every {period}; {failures} {failures|failure|failures in a row} would restart it. Only then are its other probes asked.";
    /// An init container.
    EndsInit = "Init container {container}, {place} of {all}, ends well; then the others start.";
    /// An init container that fails.
    EndsInitWell = "Init container {container} ends well at one of its tries, or another template.";
    /// A disk.
    EndsDisk = "The pod on {node} goes and lets go of claim {claim}.";
    /// A ConfigMap or Secret that is not there.
    EndsMount = "{kind} {name} is there when the node looks again, or another template.";
    /// Ready without a probe.
    EndsRunning = "Its containers run and report ready.";
    /// Creating.
    EndsStarted = "Its image is pulled and its containers are started.";
    /// Pending.
    EndsScheduled = "The scheduler finds a node for it.";
    /// Image.
    EndsPulled = "The registry gives the image at one of the node's tries, or another template.";
    /// Crash.
    EndsStaysUp = "The container stays up after one of its restarts, or another template.";
    /// Config.
    EndsConfigured = "What its configuration names is there, or another template.";
    /// Leaving.
    EndsStopped = "Their processes end, or the grace period does.";
    /// Paused.
    EndsResume = "kubectl rollout resume.";
    /// Quota and the like.
    EndsPermitted = "The server permits the pods: the controller tries again and again.";

    // Waits: how long
    /// An exact end.
    LastsExactly = "{s} more, if it stays ready.";
    /// At most.
    LastsAtMost = "{s} more at the most.";
    /// Until the next due change.
    LastsNext = "The next change is due in {s}.";
    /// Nothing is due.
    LastsForever = "No limit: nothing is scheduled.";
    /// Before the deadline.
    LastsDeadline = "No limit. After {deadline} without progress the controller reports it, at its look in {s}, and changes nothing.";
    /// The deadline does not count.
    LastsNoDeadline = "No limit, and no deadline counts now.";
    /// After the deadline.
    LastsPast = "No limit: the deadline of {deadline} has passed and Kubernetes goes on waiting.";

    // Why not
    /// Finished.
    FinishedYes = "The rollout is finished: every clause holds.";
    /// Not finished.
    FinishedNot = "The rollout is not finished: {n} of 4 clauses {n|does|do} not hold.";
    /// Clause.
    ClauseUpdated = "status.updatedReplicas {updated} = spec.replicas {desired}";
    /// Clause.
    ClauseReplicas = "status.replicas {total} = spec.replicas {desired}";
    /// Clause.
    ClauseAvailable = "status.availableReplicas {available} = spec.replicas {desired}";
    /// Clause.
    ClauseObserved = "status.observedGeneration {observed} ≥ metadata.generation {generation}";
    /// Available.
    PodCounts = "Pod {pod} counts as available.";
    /// Not available.
    PodCountsNot = "Pod {pod} does not count as available: {clause}.";
    /// Clause.
    ClauseStays = "it is not being deleted";
    /// Clause not met.
    ClauseLeaves = "it is being deleted";
    /// Clause.
    ClauseNode = "it has a node: {node}";
    /// Clause not met.
    ClauseNoNode = "it has no node";
    /// Clause not met.
    ClauseNoNodeBecause = "it has no node: {message}";
    /// Clause.
    ClauseRuns = "its containers run";
    /// Clause not met.
    ClauseWaits = "a container waits: {reason}";
    /// Clause not met.
    ClauseStarts = "its containers have not started yet";
    /// Clause not met.
    ClauseEnded = "its containers have ended";
    /// Clause.
    ClauseReady = "its condition Ready is True";
    /// Clause not met.
    ClauseNotReadyProbe = "its readiness probe has not succeeded {threshold} {threshold|time|times} in a row";
    /// Clause not met.
    ClauseNotStarted = "the startup probe of {container} has not succeeded yet";
    /// Clause not met.
    ClauseInit = "init container {container} has not ended, {place} of {all}";
    /// Clause not met.
    ClauseMount = "volume {volume} cannot be mounted: there is no {kind} {name}";
    /// Clause not met.
    ClauseNotReady = "its condition Ready is not True";
    /// Clause.
    ClauseMinReady = "it has been ready for {since}, minReadySeconds asks for {seconds}";
    /// Clause without a number.
    ClauseNoMinReady = "minReadySeconds is {seconds}: ready is available";
    /// No set shrinks.
    RankNothing = "No pod of {set} goes now. When it shrinks, this is the order.";
    /// It goes.
    RankGoes = "Pod {pod} goes before {other}: {criterion} decides.";
    /// It stays.
    RankStays = "Pod {pod} stays and {other} goes: {criterion} decides.";
    /// All go.
    RankAll = "All {n} {n|pod|pods} of {set} go: nothing is ordered.";
    /// It was deleted.
    RankAlone = "Pod {pod} is not among the pods that set {set} can choose from.";

    // Predictions
    /// Right.
    PredictedRight = "Right: {old} old and {new} new.";
    /// Wrong.
    PredictedWrong = "You said {said_old} old and {said_new} new; it is {old} old and {new} new.";
    /// Right.
    PredictedPodsRight = "Right: {names} {n|goes|go}.";
    /// Wrong.
    PredictedPodsWrong = "{hits} of {n} right: {names} {n|goes|go}.";

    // Trace
    /// A component's turn.
    TraceTurn = "takes {object} from its queue.";
    /// A request.
    TraceRequest = "a request of {who}.";
    /// A write.
    TraceWrite = "{object}: {fields}";
    /// A new object.
    TraceNew = "{object} is made.";
    /// A removed object.
    TraceGone = "{object} is gone.";
    // Claims and volumes
    /// Waits for a pod.
    ClaimWaits = "Claim {claim} waits: its class makes the volume when a pod that uses it has a node.";
    /// No class.
    ClaimNoClass = "Claim {claim} stays pending: no volume fits, and it names no class that could make one.";
    /// A class that is not there.
    ClaimNoSuchClass = "Claim {claim} stays pending: there is no class {class}.";
    /// Being made.
    ClaimProvisioning = "A volume of {size} is made for claim {claim} by {provisioner}.";
    /// Nobody makes it.
    ClaimNoProvisioner = "Claim {claim} stays pending: no provisioner {provisioner} runs in this cluster.";
    /// Bound.
    ClaimBound = "Claim {claim} is bound to volume {volume}.";
    /// On another node.
    VolumeElsewhere = "Pod {pod} cannot start on {node}: volume {volume} is on {holder}, and one node at a time can have it.";
    /// Attached.
    VolumeAttached = "Volume {volume} is attached to {node}: pod {pod} can start.";
    /// In use.
    ClaimProtected = "Claim {claim} goes after its pods: {pods} {pods|uses|use} it.";
    /// Deleted.
    VolumeGoes = "The claim is gone: volume {volume} is deleted with it.";
    /// Kept.
    VolumeStays = "The claim is gone: volume {volume} stays with its data.";

    // The autoscaler
    /// A new size.
    AutoscalerSets = "The autoscaler sets {to}: {pods} {pods|pod|pods} × {measured} ÷ {target}, rounded up.";
    /// A new size that is not what the formula asks for.
    AutoscalerCuts = "The autoscaler sets {to}: {pods} {pods|pod|pods} × {measured} ÷ {target} asks for {proposed}, windows, policies and the bounds {min} to {max} leave {to}.";
    /// Near enough.
    AutoscalerTolerates = "The autoscaler keeps {from}: {measured} is within a tenth of the target {target}.";
    /// Unknown pods turn the result.
    AutoscalerAssumes = "The autoscaler keeps {from}: {measured} against {target}, but pods without a sample could turn it.";
    /// Same size.
    AutoscalerKeeps = "The autoscaler keeps {from}: {pods} {pods|pod|pods} × {measured} ÷ {target} is what is there.";
    /// The window.
    AutoscalerStabilizes = "The autoscaler keeps {from}: {measured} of {target} asks for {proposed}, but the stabilization window remembers more.";
    /// A policy.
    AutoscalerRate = "The autoscaler keeps {from}: {proposed} are asked for, but its policies allow no more in this period.";
    /// The upper bound.
    AutoscalerMax = "The autoscaler keeps {from}: {proposed} are asked for, and maxReplicas is {max}.";
    /// The lower bound.
    AutoscalerMin = "The autoscaler keeps {from}: {proposed} would do, and minReplicas is {min}.";
    /// Outside the bounds.
    AutoscalerBounds = "The autoscaler sets {to}: {from} is not between {min} and {max}.";
    /// Off.
    AutoscalerOff = "The autoscaler is off: the Deployment is scaled to 0.";
    /// Nothing is known.
    AutoscalerBlind = "The autoscaler cannot compute a size: {error}";
    // Lints
    /// Unavailable with few replicas.
    LintUnavailable = "maxUnavailable {written} of {desired} is {unavailable}: during an update only {floor} of {desired} {floor|is|are} sure to be available.";
    /// A percentage that rounds down to zero.
    LintRounds = "{written} of {desired} is {hundredths}, rounded down to 0: the controller uses {used}.";
    /// Recreate.
    LintRecreate = "Recreate stops {desired} {desired|pod|pods} before the first new one starts: until it is ready nobody answers, and if it never gets ready nobody ever does.";
    /// A disk for one node and a surge.
    LintDisk = "Claim {claim} can be mounted by one node only, and the update starts {surge} more {surge|pod|pods} before the old one goes: on another node the new pod waits for the disk and the rollout for the pod.";
    /// No history.
    LintHistoryNone = "With a history of 0 no old set is kept: rollout undo has nothing to go back to.";
    /// A history of one.
    LintHistoryOne = "With a history of 1 only the last version can be undone to: after two bad releases the good one is gone.";
    /// The deadline is too short.
    LintDeadline = "A good pod needs about {needs} s until it is ready ({start} s to start, {delay} s before its probes), and nothing counts as progress before: with a deadline of {deadline} s good releases are reported as failed.";
    /// Selectors overlap.
    LintSelector = "The selector of {own} also matches the pods of {other}: each controller counts the other's pods by their labels, and Services and commands with this selector reach both.";
    /// No budget.
    LintBudget = "Nothing limits how many of the {desired} pods a drain may evict at the same time: the strategy bounds rollouts only.";
    /// A budget that blocks.
    LintBudgetBlocks = "{written} of {desired} allows no eviction: a drain waits for ever.";
    /// Replicas and autoscaler.
    LintAutoscaler = "Autoscaler {hpa} sets replicas between {least} and {most}, and every apply sets {replicas} again: under load pods are lost at each release.";
    /// A Service without pods.
    LintServiceSelector = "Service {service} selects no pod of this text: its labels are not those of {deployment}, so it has no endpoints.";
    /// A wrong target port.
    LintTargetPort = "Service {service} sends to port {target}, where no container listens: the first port is {first}.";
    /// No tag.
    LintNoTag = "{image} has no tag, which means latest: pods of one revision may run different builds, setting it again rolls out nothing, and undo goes back to the same name.";
    /// latest.
    LintLatest = "{image} names whatever was pushed last: pods of one revision may run different builds, setting it again rolls out nothing, and undo goes back to the same name.";
    /// No readiness probe.
    LintReadiness = "Without a readiness probe {container} counts as ready as soon as it runs: a version that never answers replaces {desired|the only pod|all of its pods}.";
    /// A probe at the wrong port.
    LintProbePort = "{probe} asks at port {port}, which the container does not name: its first port is {first}.";
    /// Liveness as strict as readiness.
    LintLiveness = "Without an answer the container is restarted after {alive} s and taken out of the Service after {withdrawn} s: a slow pod is killed instead of being left to recover.";
    /// Grace below the hook.
    LintGrace = "The preStop hook takes {hook} s and the pod has {grace} s to end: then the hook is over or cut off, and the process gets the stop signal with 2 s for what it still does.";
    /// No hook.
    LintHook = "Service {service} learns that a pod leaves only after a moment, while the process stops at once: requests of that moment are lost at each update.";
    /// A config without a checksum.
    LintChecksum = "A change of ConfigMap {map} is no change of the template: no rollout starts, and running pods keep what they have read.";
    /// A container's setting in the pod's.
    LintSecurityPod = "{field} belongs to a container: in the securityContext of the pod the server refuses it as an unknown field.";
    /// A pod's setting in a container's.
    LintSecurityContainer = "{field} belongs to the pod: in the securityContext of a container the server refuses it as an unknown field.";
    /// At the wrong place altogether.
    LintSecurityPlace = "{field} is no field: securityContext stands in spec.template.spec, for the pod, or in a container. The server refuses it.";
    /// A version that is gone.
    LintVersion = "{version} serves no {kind} since {minor}: this cluster refuses it.";
    /// Requests above every node.
    LintRequests = "The pod asks for {asked} of {resource}, the largest node has {room}: it fits nowhere and stays Pending, and every update waits for it.";
    /// An emptyDir for what is meant to last.
    LintEmptyDir = "Volume {volume} is an emptyDir: it ends with its pod, so after each update, drain or lost node {path} is empty.";

    // Comparison
    /// Above the comparison.
    CompareKicker = "{plans} plans for {desired} {desired|pod|pods}, one clock, the same actions.";
    /// The learner has made no update yet.
    CompareUpdate = "The update is: {line}.";
    /// Beside the time of all panes.
    CompareRecorded = "{s} recorded in all plans";
    /// A plan that does not finish.
    PaysNotDone = "{plan} is not done after {s}; at least {lowest} of {desired} stayed available.";
    /// A plan with a gap.
    PaysGap = "{plan} pays with {s} in which nobody is available.";
    /// A plan with less capacity and with more room.
    PaysBoth = "{plan} pays with capacity (down to {lowest} of {desired}) and with room for {room} more {room|pod|pods}.";
    /// A plan with less capacity.
    PaysCapacity = "{plan} pays with capacity: down to {lowest} of {desired}.";
    /// A plan with more room.
    PaysRoom = "{plan} pays with room for {room} more {room|pod|pods}.";
    /// Nothing was given up.
    PaysNothing = "{plan} gives up nothing and takes {duration}.";
}

/// A sentence with its numbers in place.
pub fn say(msg: Msg, args: &[(&str, Arg)]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut rest = msg.text();
    let find = |name: &str| args.iter().find(|(n, _)| *n == name).map(|(_, a)| a);
    while let Some(open) = rest.find('{') {
        push_text(&mut spans, &rest[..open]);
        let Some(len) = rest[open..].find('}') else {
            break;
        };
        let mut parts = rest[open + 1..open + len].split('|');
        let name = parts.next().unwrap_or("");
        let forms: Vec<&str> = parts.collect();
        match (find(name), forms.as_slice()) {
            (Some(Arg::Number(n)), [one, many]) => {
                push_text(&mut spans, if n.value == 1 { one } else { many })
            }
            (Some(Arg::Number(n)), _) => spans.push(Span::Number(n.clone())),
            (Some(Arg::Code(c)), _) => spans.push(Span::Code(c.clone())),
            (Some(Arg::Text(t)), _) => push_text(&mut spans, t),
            (Some(Arg::Version(v)), _) => spans.push(Span::Version(*v)),
            (None, _) => debug_assert!(false, "{msg:?} needs {name}"),
        }
        rest = &rest[open + len + 1..];
    }
    push_text(&mut spans, rest);
    spans
}

/// A sentence as plain text.
pub fn plain(msg: Msg, args: &[(&str, Arg)]) -> String {
    crate::model::plain_text(&say(msg, args))
}

fn push_text(spans: &mut Vec<Span>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Span::Text(last)) = spans.last_mut() {
        last.push_str(text);
    } else {
        spans.push(Span::Text(text.to_owned()));
    }
}

/// Two sentences, one after the other.
pub fn join(mut first: Vec<Span>, second: Vec<Span>) -> Vec<Span> {
    if !first.is_empty() && !second.is_empty() {
        // A line that was typed has no full stop of its own.
        let open = matches!(first.last(), Some(Span::Code(c)) if !c.ends_with('.'));
        push_text(&mut first, if open { ". " } else { " " });
    }
    for span in second {
        match span {
            Span::Text(t) => push_text(&mut first, &t),
            other => first.push(other),
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_plurals() {
        let text = |k: i64| plain(Msg::CleanUp, &[("k", counted(k, Quantity::Count))]);
        assert_eq!(
            text(1),
            "1 unhealthy pod of the old set goes first; it serves nobody."
        );
        assert_eq!(
            text(5),
            "5 unhealthy pods of the old set go first; they serve nobody."
        );
    }

    #[test]
    fn every_text_is_a_sentence_with_closed_placeholders() {
        for msg in Msg::ALL {
            let text = msg.text();
            assert_eq!(
                text.matches('{').count(),
                text.matches('}').count(),
                "{msg:?}"
            );
            assert!(!text.contains("please") && !text.contains('!'), "{msg:?}");
            assert!(!text.is_empty());
        }
    }

    #[test]
    fn times() {
        for (ms, text) in [
            (4_500, "4.5 s"),
            (38_000, "38 s"),
            (0, "0 s"),
            (1_040, "1 s"),
            (600_000, "10 min"),
            (90_000, "90 s"),
        ] {
            assert_eq!(seconds(ms), text);
        }
    }
}
