"""Online evaluation: experiments that may be looked at any time, and interleaved lists."""
