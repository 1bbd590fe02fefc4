"""The variant in the forms of other trainers: what each reads, and which pairs its loader takes."""
