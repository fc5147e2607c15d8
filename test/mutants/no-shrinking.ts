// Whether a property fails is all that matters to a mutant, not the smallest way to make it fail.
import fc from 'fast-check'

fc.configureGlobal({ endOnFailure: true })
