//! The stage as the render loop sees it: scripted instances, and random ones.

mod world;

mod deaths;
mod live;
mod random;
mod rotation;
