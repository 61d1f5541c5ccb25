"""Forms: a form-js schema becomes fields, a marshmallow schema for the answer, and what a page needs to draw it."""
