//! What may explain sums that do not add up.

use crate::form::catalogue;
use crate::pb;
use crate::report::{Cell, Diagnosis, Slip, Suggestion, Suspect};

use super::cell::{cell_to_wire, number_to_wire};
use super::text_to_wire;

pub(crate) fn diagnoses_to_wire(diagnoses: &[Diagnosis]) -> Vec<pb::Diagnosis> {
    let diagnosis = |diagnosis: &Diagnosis| pb::Diagnosis {
        rules: diagnosis.rules.clone(),
        suggestions: diagnosis.suggestions.iter().map(suggestion_to_wire).collect(),
        message: Some(text_to_wire(&diagnosis.message)),
    };
    diagnoses.iter().map(diagnosis).collect()
}

fn suggestion_to_wire(suggestion: &Suggestion) -> pb::Suggestion {
    let suspects = suggestion.suspects.iter().zip(&suggestion.present);
    pb::Suggestion {
        suspects: suspects.map(|(suspect, present)| suspect_to_wire(suspect, *present)).collect(),
        message: Some(text_to_wire(&suggestion.message)),
    }
}

fn suspect_to_wire(suspect: &Suspect, present: Cell) -> pb::Suspect {
    let info = catalogue().cell(suspect.cell);
    pb::Suspect {
        cell: info.path.clone(),
        label: Some(pb::LocalizedText { zh: info.label_zh.clone(), en: info.label_en.clone() }),
        present: cell_to_wire(suspect.cell, present),
        needed: Some(number_to_wire(info.kind, suspect.needed.into())),
        slip: match suspect.slip {
            Slip::DigitsTransposed => pb::Slip::DigitsTransposed,
            Slip::DigitWrong => pb::Slip::DigitWrong,
            Slip::DigitMissing => pb::Slip::DigitMissing,
            Slip::DigitTooMany => pb::Slip::DigitTooMany,
            Slip::Sign => pb::Slip::Sign,
            Slip::LeftOut => pb::Slip::LeftOut,
            Slip::Misplaced => pb::Slip::Misplaced,
            Slip::Repeated => pb::Slip::Repeated,
            Slip::SumWrong => pb::Slip::SumWrong,
            Slip::Exchanged => pb::Slip::Exchanged,
            Slip::CountedElsewhere => pb::Slip::CountedElsewhere,
            Slip::LineShifted => pb::Slip::LineShifted,
            Slip::Other => pb::Slip::Other,
        }
        .into(),
    }
}
