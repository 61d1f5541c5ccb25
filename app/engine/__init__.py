"""The BPMN runtime: definitions, instances, user tasks, timers and messages. It knows no ticket and no Flask."""
