// GitHub's refusals as values of one class: thrown anywhere below the server, turned into an answer there.

export class ApiError extends Error {
  readonly status: number
  readonly errors: readonly unknown[] | null

  constructor(status: number, message: string, errors: readonly unknown[] | null = null) {
    super(message)
    this.status = status
    this.errors = errors
  }

  /** The body GitHub sends along. */
  body(): Record<string, unknown> {
    return {
      message: this.message,
      ...(this.errors === null ? {} : { errors: this.errors }),
      documentation_url: 'https://docs.github.com/rest',
      status: String(this.status),
    }
  }
}

export function notFound(): ApiError {
  return new ApiError(404, 'Not Found')
}

/** What an app hears that lacks a permission; GitHub does not say which. */
export function forbidden(message = 'Resource not accessible by integration'): ApiError {
  return new ApiError(403, message)
}

/** 422 as the reviews API words it: the sentences in `errors`, and never which comment is meant. */
export function unprocessable(...errors: string[]): ApiError {
  return new ApiError(422, 'Unprocessable Entity', errors)
}

/** 422 with GitHub's structured errors. */
export function invalid(resource: string, field: string, message: string, code = 'custom'): ApiError {
  return new ApiError(422, 'Validation Failed', [{ resource, field, code, message }])
}
