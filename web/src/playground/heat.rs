//! The sweep of the page: many runs in workers, or a few milliseconds at a time where there are none.

use super::Playground;
use super::msg::Msg;
use crate::interop::{clock, page, worker};
use crate::ui::Shared;
use gloo::timers::callback::Timeout;
use rollout_api::Value;
use rollout_session::{Plan, Scenario};
use rollout_view::HeatView;
use rollout_view::heat::{heat_axes, heat_own, heat_replicas, heat_view};
use rollout_view::sweep::{Sweep, SweepAxes, SweepCell, SweepMeasure};
use std::fmt::Write;
use std::rc::Rc;

/// So long the page computes before it draws again, where there are no workers.
const SLICE_MS: f64 = 8.0;

/// Messages of the sweep.
#[derive(Clone, PartialEq, Debug)]
pub enum HeatMsg {
    Toggle,
    /// The word of the limits, the replicas as typed.
    Run(String, String),
    Cancel,
    /// What a worker of this sweep said.
    Said(u32, Option<String>),
    Slice,
    Measure(String),
    Replicas(i64),
    Pick(usize),
    Focus(usize),
    /// The run of the picked cell: true as a pane, else as the page's own.
    Open(bool),
}

/// Who runs it.
enum Runner {
    Workers(#[allow(dead_code, reason = "they end when it is dropped")] Vec<worker::Running>),
    Slices(Box<Sweep>, #[allow(dead_code, reason = "the same")] Timeout),
}

/// The sweep as far as it is.
pub struct Heat {
    pub axes: SweepAxes,
    pub cells: Vec<Option<SweepCell>>,
    pub done: usize,
    pub measure: SweepMeasure,
    pub replicas: i64,
    pub picked: Option<usize>,
    own: Option<(Value, Value)>,
    runner: Option<Runner>,
    /// Which sweep this is: late words of a former one are not taken.
    number: u32,
    began: f64,
    /// How long it took, when it is over.
    pub took_ms: Option<u64>,
    /// Why there is none.
    pub error: Option<String>,
    pub view: Shared<HeatView>,
    /// The sweep of the replicas that the manifest has.
    pub usual: i64,
}

impl Heat {
    /// It is at work.
    pub fn running(&self) -> bool {
        self.runner.is_some()
    }
    fn refresh(&mut self) {
        let view = heat_view(
            &self.axes,
            &self.cells,
            self.measure,
            self.replicas,
            self.own.as_ref(),
        );
        self.view = Shared(Rc::new(view));
    }
    fn put(&mut self, place: usize, cell: SweepCell) {
        if let Some(there) = self.cells.get_mut(place)
            && there.is_none()
        {
            *there = Some(cell);
            self.done += 1;
        }
    }
    fn end_if_done(&mut self) {
        if self.done == self.cells.len() {
            self.stop();
        }
    }
    fn stop(&mut self) {
        self.runner = None;
        self.took_ms = Some((clock::now_ms() - self.began) as u64);
    }
}

/// Handles a message of the sweep.
pub fn update(p: &mut Playground, msg: HeatMsg) {
    if let HeatMsg::Toggle = msg {
        p.heat = match p.heat.take() {
            Some(_) => None,
            None => begin(p, None),
        };
        return;
    }
    if let HeatMsg::Run(limits, replicas) = &msg {
        let former = p.heat.take();
        let wanted = Some((limits.as_str(), replicas.as_str(), former));
        p.heat = begin(p, wanted);
        return;
    }
    if let HeatMsg::Open(pane) = msg {
        return open(p, pane);
    }
    let dispatch = p.dispatch.clone();
    let Some(heat) = &mut p.heat else { return };
    match msg {
        HeatMsg::Cancel => heat.stop(),
        HeatMsg::Said(number, said) if number == heat.number => match said {
            Some(lines) => {
                for line in lines.lines() {
                    let Some((place, result)) = line.split_once(' ') else {
                        continue;
                    };
                    let Ok(place) = place.parse() else { continue };
                    if let Some(mut cell) = heat.axes.cell(place)
                        && cell.take_line(result)
                    {
                        heat.put(place, cell);
                    }
                }
                heat.end_if_done();
                heat.refresh();
            }
            // A worker that could not start, or broke: the page does its work.
            None => {
                if let Some(scenario) = p.comparison.as_ref().map(|c| c.scenario().clone())
                    && let Ok(sweep) = Sweep::new(scenario, heat.axes.clone())
                    && matches!(heat.runner, Some(Runner::Workers(_)))
                {
                    heat.runner = Some(Runner::Slices(Box::new(sweep), later(dispatch)));
                }
            }
        },
        HeatMsg::Said(..) => {}
        HeatMsg::Slice => {
            let until = clock::now_ms() + SLICE_MS;
            if let Some(Runner::Slices(mut sweep, _)) = heat.runner.take() {
                while let Some(place) = heat.cells.iter().position(Option::is_none) {
                    let Some(cell) = sweep.cell(place) else { break };
                    heat.put(place, cell);
                    if clock::now_ms() >= until {
                        break;
                    }
                }
                heat.runner = Some(Runner::Slices(sweep, later(dispatch)));
                heat.end_if_done();
                heat.refresh();
            }
        }
        HeatMsg::Measure(word) => {
            let found = SweepMeasure::ALL.into_iter().find(|m| m.name() == word);
            heat.measure = found.unwrap_or(heat.measure);
            heat.refresh();
        }
        HeatMsg::Replicas(n) => {
            heat.replicas = n;
            let block = heat.axes.surges.len() * heat.axes.unavailables.len();
            let row = heat.axes.replicas.iter().position(|r| *r == n);
            heat.picked = heat
                .picked
                .map(|k| k % block.max(1) + row.unwrap_or(0) * block);
            heat.refresh();
        }
        HeatMsg::Pick(place) => heat.picked = Some(place),
        HeatMsg::Focus(place) => {
            heat.picked = Some(place);
            page::focus(&format!("heat-{place}"));
        }
        HeatMsg::Toggle | HeatMsg::Run(..) | HeatMsg::Open(_) => {}
    }
}

fn later(dispatch: yew::Callback<Msg>) -> Timeout {
    Timeout::new(0, move || dispatch.emit(Msg::Heat(HeatMsg::Slice)))
}

/// A new sweep of what the comparison repeats. `wanted`: limits and replicas, and the sweep before.
fn begin(p: &Playground, wanted: Option<(&str, &str, Option<Heat>)>) -> Option<Heat> {
    let scenario = p.comparison.as_ref()?.scenario().clone();
    let (limits, replicas, former) = wanted.unwrap_or(("4", "", None));
    let usual = former
        .as_ref()
        .map_or_else(|| scenario.replicas(), |f| f.usual);
    let limits = heat_axes(limits);
    let read = if replicas.is_empty() {
        Ok(vec![usual])
    } else {
        heat_replicas(replicas)
    };
    let error = read.as_ref().err().cloned();
    let axes = SweepAxes {
        surges: limits.clone(),
        unavailables: limits,
        replicas: read.unwrap_or_default(),
    };
    let mut heat = Heat {
        cells: vec![None; axes.len()],
        done: 0,
        measure: former
            .as_ref()
            .map_or(SweepMeasure::Duration, |f| f.measure),
        replicas: axes.replicas.first().copied().unwrap_or(usual),
        picked: None,
        own: heat_own(&p.session),
        runner: None,
        number: former.as_ref().map_or(0, |f| f.number) + 1,
        began: clock::now_ms(),
        took_ms: None,
        error,
        view: Shared(Rc::default()),
        usual,
        axes,
    };
    if heat.error.is_none() {
        match Sweep::new(scenario.clone(), heat.axes.clone()) {
            Err(text) => {
                heat.error = Some(text);
                heat.cells.clear();
            }
            Ok(sweep) => {
                heat.runner = Some(match workers(p, &scenario, &heat) {
                    Some(all) => Runner::Workers(all),
                    None => Runner::Slices(Box::new(sweep), later(p.dispatch.clone())),
                });
            }
        }
    }
    heat.refresh();
    Some(heat)
}

/// The sweep in workers: each takes every n-th cell.
fn workers(p: &Playground, scenario: &Scenario, heat: &Heat) -> Option<Vec<worker::Running>> {
    let text = scenario.to_text();
    let n = worker::cores();
    let replicas: Vec<String> = heat.axes.replicas.iter().map(i64::to_string).collect();
    (0..n)
        .map(|k| {
            let work = format!(
                "{k} {n}\n{}\n{}\n{text}",
                heat.axes.surges.join(","),
                replicas.join(",")
            );
            let (dispatch, number) = (p.dispatch.clone(), heat.number);
            worker::start(&work, move |said| {
                dispatch.emit(Msg::Heat(HeatMsg::Said(number, said)))
            })
        })
        .collect()
}

/// What a worker does: its share of the cells, told in portions. `None` where the work cannot be read.
pub fn work(text: &str) -> Option<()> {
    let mut parts = text.splitn(4, '\n');
    let (k, n) = parts.next()?.split_once(' ')?;
    let (mut place, stride): (usize, usize) = (k.parse().ok()?, n.parse().ok()?);
    let limits: Vec<String> = parts.next()?.split(',').map(str::to_owned).collect();
    let replicas: Vec<i64> = parts
        .next()?
        .split(',')
        .filter_map(|n| n.parse().ok())
        .collect();
    let scenario = Scenario::from_text(parts.next()?)?;
    let axes = SweepAxes {
        surges: limits.clone(),
        unavailables: limits,
        replicas,
    };
    let mut sweep = Sweep::new(scenario, axes).ok()?;
    let (mut lines, mut pods) = (String::new(), 0);
    while let Some(cell) = sweep.cell(place) {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{place} {}", cell.result_line());
        pods += cell.replicas;
        if pods >= 100 {
            worker::tell(&lines);
            lines.clear();
            pods = 0;
        }
        place += stride;
    }
    worker::tell(&lines);
    Some(())
}

/// Opens the run of the picked cell.
fn open(p: &mut Playground, pane: bool) {
    let (Some(heat), Some(comparison)) = (&p.heat, &mut p.comparison) else {
        return;
    };
    let Some(cell) = heat.picked.and_then(|k| heat.axes.cell(k)) else {
        return;
    };
    let plan = if cell.replicas == heat.usual {
        Plan::Rolling {
            surge: cell.surge,
            unavailable: cell.unavailable,
        }
    } else {
        Plan::Sized {
            replicas: cell.replicas,
            surge: cell.surge,
            unavailable: cell.unavailable,
        }
    };
    let there = comparison.panes().iter().position(|x| x.plan == plan);
    let last = comparison.panes().len() - 1;
    let full = (last + 1 >= rollout_session::MAX_PANES).then_some(last);
    let said = match there {
        Some(_) => Ok(()),
        None => comparison.plan(full, &plan, &p.session),
    };
    if let Err(text) = said {
        return p.note(&text);
    }
    let place = there.or(full).unwrap_or(last + 1);
    if !pane {
        return super::update::open_pane(p, place);
    }
    if full.is_some() && there.is_none() {
        p.note("A comparison has at most four plans: this one took the place of the last.");
    }
    p.jump = true;
    page::scroll_to(&format!("pane-{place}"));
}
