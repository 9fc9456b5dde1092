"""Durable functions: executions that are checkpointed, suspended and resumed.

`execution` holds what an execution is, `checkpoint` what a function may say of its operations,
`history` the events that come of it, `running` invokes the function whenever there is something
new for it, `operations` is the API. Sources: Lambda API reference (the operations' pages),
developer guide, "Lambda durable functions"; where these say nothing, AWS's own emulator of the
service, the package aws-durable-execution-sdk-python-testing 1.4.0.
"""
