"""The live service: a finished run that answers over HTTP and takes in what people do."""
