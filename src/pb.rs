//! The generated code of the contract. Only `wire`, `grpc`, `http` and `cli` may name it.

mod bounded;

#[allow(clippy::all, clippy::pedantic, missing_docs)]
mod generated {
    tonic::include_proto!("huizong.v1");

    /// A figure on the wire.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub enum FormCell<'a> {
        /// A count, in items.
        Count(i64),
        /// An amount, a decimal string in 万元.
        Amount(&'a str),
    }

    include!(concat!(env!("OUT_DIR"), "/form_cells.rs"));
}

pub use generated::*;

/// The compiled contract, for reflection and canonical JSON.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Kind, catalogue};

    #[test]
    fn the_wire_has_exactly_the_cells_of_the_form() {
        let mut wire = FORM_CELL_PATHS.to_vec();
        let mut form: Vec<_> = catalogue().cells.iter().map(|cell| cell.path.as_str()).collect();
        wire.sort_unstable();
        form.sort_unstable();
        assert_eq!(wire, form);
    }

    #[test]
    fn a_cell_set_is_the_cell_read_and_no_other() {
        for (index, path) in FORM_CELL_PATHS.iter().enumerate() {
            let kind = catalogue().cell(catalogue().cell_at(path).unwrap()).kind;
            let value = if kind == Kind::Money { FormCell::Amount("1.5") } else { FormCell::Count(7) };
            let mut form = Form::default();
            set_form_cell(&mut form, index, value);
            for other in 0..FORM_CELL_PATHS.len() {
                assert_eq!(form_cell(&form, other), (other == index).then_some(value), "{path}");
            }
        }
    }
}
