"""The moments at which something about infrastructures becomes durable; what passes tell is `jobs.ask`."""

from __future__ import annotations

from shoal.base.faults import fault_point

BUILD = fault_point("infra.build", "An infrastructure's row and its first pass are there.")
UPDATE = fault_point("infra.update", "An infrastructure has another description, and a pass for it.")
SCALE = fault_point("infra.scale", "A node shall have another number of machines; a pass is there for it.")
HEAL = fault_point("infra.heal", "A pass that mends an infrastructure is there.")
DESTROY = fault_point("infra.destroy", "All machines of an infrastructure shall go; a pass is there for it.")
MARK = fault_point("infra.mark", "An infrastructure is attached, detached, paused, resumed or released.")
IMPORT = fault_point("infra.import", "Node definitions are kept.")
FORGET = fault_point("infra.forget", "Infrastructures that were destroyed long ago are forgotten.")
KEEPER = fault_point("infra.keeper", "The job that looks after attached infrastructures is there.")
GLANCE = fault_point("infra.glance", "A job that looks at machines, and no more, is there.")
SWEEP = fault_point("infra.sweep", "A job that looks for machines that nobody knows is there.")
