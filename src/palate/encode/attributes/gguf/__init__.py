"""A provider on this machine: a language model in a GGUF file, run by llama.cpp."""
