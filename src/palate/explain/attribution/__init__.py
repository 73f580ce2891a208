"""Attribution: which words and which parts of a picture moved a score."""
