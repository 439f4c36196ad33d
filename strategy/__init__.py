"""The decision core: parameters, the compiled decisions, and the engine that feeds them."""
