//! Who is subscribed to what, and what waits to be delivered.

use std::collections::HashMap;

pub type ChannelIndex = usize;

#[derive(Default)]
pub struct Channels {
    index: HashMap<Vec<u8>, ChannelIndex>,
    channels: Vec<Channel>,
    /// Channels with waiting frames.
    waiting: Vec<ChannelIndex>,
}

#[derive(Default)]
pub struct Channel {
    /// Descriptors of the subscribers.
    pub members: Vec<usize>,
    pub frames: Vec<u8>,
}

impl Channels {
    pub fn join(&mut self, name: &[u8], member: usize) -> ChannelIndex {
        let next = self.channels.len();
        let at = *self.index.entry(name.to_vec()).or_insert(next);
        if at == next {
            self.channels.push(Channel::default());
        }
        self.channels[at].members.push(member);
        at
    }

    pub fn leave(&mut self, at: ChannelIndex, member: usize) {
        self.channels[at].members.retain(|other| *other != member);
    }

    pub fn find(&self, name: &[u8]) -> Option<ChannelIndex> {
        self.index.get(name).copied()
    }

    /// The frames of a channel, to append to.
    pub fn queue(&mut self, at: ChannelIndex) -> &mut Vec<u8> {
        let frames = &mut self.channels[at].frames;
        if frames.is_empty() {
            self.waiting.push(at);
        }
        frames
    }

    /// Takes out a channel that has frames waiting; `put_back` returns it.
    pub fn take_waiting(&mut self) -> Option<(ChannelIndex, Channel)> {
        let at = self.waiting.pop()?;
        Some((at, std::mem::take(&mut self.channels[at])))
    }

    pub fn put_back(&mut self, at: ChannelIndex, mut channel: Channel) {
        channel.frames.clear();
        self.channels[at] = channel;
    }
}
