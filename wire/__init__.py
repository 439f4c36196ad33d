"""The language between bridge and terminal: one declaration, a codec, and a conversation without sockets."""
