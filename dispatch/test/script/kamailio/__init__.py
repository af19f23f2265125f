"""Tests of `dispatch.script.kamailio`."""
