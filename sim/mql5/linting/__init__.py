"""Rules on what MQL5's compiler or this project refuses, though it is valid C++."""
