//! A PostgreSQL cluster of our own: made, started, awaited.

mod cluster;
pub(crate) mod database;
mod private;
pub(crate) mod sweep;
mod throwaway;

pub(crate) use private::{Private, remove};

pub(crate) use throwaway::{Durability, Throwaway};
